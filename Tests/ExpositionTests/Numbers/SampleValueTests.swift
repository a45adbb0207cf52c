import Exposition
import TestSupport
import Testing

@Suite("Values read from tokens")
struct SampleValueTests {
    @Test(
        "are what a Prometheus server makes of them",
        arguments: [
            ("0", 0), ("-0", -0.0), ("+0", 0), ("1", 1), ("+1", 1), ("-1", -1), (".5", 0.5), ("1.", 1), ("-.5", -0.5),
            ("1e5", 1e5), ("1E+5", 1e5), ("1e-5", 1e-5), ("1.5e+06", 1.5e6), ("1.e1", 10), (".1e1", 1),
            ("0.30000000000000004", 0.30000000000000004), ("1700000000123", 1_700_000_000_123),
            ("Inf", .infinity), ("+Inf", .infinity), ("-Inf", -.infinity), ("inf", .infinity), ("INF", .infinity),
            ("infinity", .infinity), ("+InFiNiTy", .infinity), ("-INFINITY", -.infinity),
        ] as [(String, Double)])
    func accepted(token: String, expected: Double) {
        #expect(SampleValue.parse(token.utf8Array.span)?.bitPattern == expected.bitPattern)
    }

    @Test(
        "are none where the server refuses the scrape",
        arguments: [
            "", "+", "-", ".", "+.", "-.", "e", "e5", ".e5", "1e", "1e+", "1e-", "1e5.", "1e5e5", "1.2.3", "1..", "++1",
            "+-1", "1-", "0x10", "0x1p-3", "0X1P3", "1p3", "1_000", "_1", "1e1_0", " 1", "1 ", "1\0", "\0", "1,5", "١",
            "+nan", "-NaN", "nan1", "na", "in", "infi", "infinit", "infinityx", "Inf ", "--Inf", "1f", "1d", "true",
            "1e400", "-1e400", "1e309", "1.797693134862315808e308", "17976931348623159e292", "1e99999999999999999999",
        ])
    func refused(token: String) {
        #expect(SampleValue.parse(token.utf8Array.span) == nil)
    }

    @Test("of any NaN are the one NaN that marks nothing", arguments: ["NaN", "nan", "NAN", "nAn"])
    func notANumber(token: String) {
        #expect(SampleValue.parse(token.utf8Array.span)?.bitPattern == 0x7FF8_0000_0000_0001)
    }

    @Test func `are taken from the middle of a body`() {
        let body = "a{b=\"c\"} 12.5 7\n".utf8Array
        var scanner = LineScanner(format: .text)
        let line = scanner.next(in: body.span)
        #expect(line.map { SampleValue.parse(body.span, $0.value) } == 12.5)
        #expect(line.map { SampleValue.parse(body.span, $0.timestamp) } == 7)
        #expect(line.map { SampleValue.parse(body.span, $0.exemplar) } == .some(nil))
    }

    @Test("are nearest, and even between two", arguments: HardNumber.all)
    func hard(number: HardNumber) {
        #expect(SampleValue.parse(number.token.utf8Array.span)?.bitPattern == number.bits)
        #expect(SampleValue.parse("-\(number.token)".utf8Array.span)?.bitPattern == number.bits | 1 << 63)
    }

    @Test("of bodies are those that C reads", arguments: RecordedBody.all)
    func recorded(body: RecordedBody) {
        var scanner = LineScanner(format: .text)
        while let line = scanner.next(in: body.bytes.span) {
            guard line.kind == .sample, let value = RandomToken.readByC(Array(body.bytes[line.value])) else { continue }
            let expected = value.isNaN ? SampleValue.nan : value
            #expect(SampleValue.parse(body.bytes.span, line.value)?.bitPattern == expected.bitPattern)
        }
    }

    @Test("of random tokens are those that C reads", arguments: 1...20 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var token: [UInt8] = []
        // Together 30,000, and 2,000,000 in the long rounds.
        for _ in 0..<(Soak.isOn ? 100_000 : 1500) {
            RandomToken.make(&token, &generator)
            let value = SampleValue.parse(token.span)
            if value?.bitPattern != RandomToken.readByC(token)?.bitPattern {
                Issue.record("seed \(seed): \(text(token)) is read as \(String(describing: value))")
                return
            }
        }
    }

    @Test func `of a token of hundreds of thousands of digits is read in one pass`() {
        let ones = [UInt8](repeating: UInt8(ascii: "1"), count: 300_000)
        #expect(SampleValue.parse(ones.span) == nil)
        #expect(SampleValue.parse(("0.".utf8Array + ones).span) == 1.0 / 9)
        #expect(SampleValue.parse((ones + "e-299999".utf8Array).span) == 10.0 / 9)
        let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 300_000)
        #expect(SampleValue.parse((zeros + "7".utf8Array).span) == 7)
        #expect(SampleValue.parse(("0.".utf8Array + zeros + "7e300001".utf8Array).span) == 7)
        // Halfway between two doubles but for the very last digit.
        #expect(
            SampleValue.parse(("9007199254740993.".utf8Array + zeros + "1".utf8Array).span) == 9_007_199_254_740_994)
        #expect(SampleValue.parse(("9007199254740993.".utf8Array + zeros).span) == 9_007_199_254_740_992)
    }
}
