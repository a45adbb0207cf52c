import Exposition
import TestSupport
import Testing

@Suite("Values written as text")
struct SampleTextTests {
    private func written(_ value: Double, openMetrics: Bool = false) -> String {
        var output: [UInt8] = []
        SampleText.append(value, openMetrics: openMetrics, to: &output)
        return text(output)
    }

    @Test("look as Go's libraries write them", arguments: GoText.all)
    func layout(case: GoText) {
        #expect(written(`case`.value) == `case`.text)
        #expect(written(`case`.value, openMetrics: true) == `case`.openMetrics)
        if `case`.value != 0, !`case`.value.isNaN {
            let negative = `case`.text == "+Inf" ? "-Inf" : "-\(`case`.text)"
            #expect(written(-`case`.value) == negative)
        }
    }

    @Test func `have no sign where they are zero or no number`() {
        #expect(written(-0.0) == "0")
        #expect(written(-0.0, openMetrics: true) == "0.0")
        #expect(written(Double(bitPattern: 0xFFF8_0000_0000_0002)) == "NaN")
        // The marker of staleness.
        #expect(written(Double(bitPattern: 0x7FF0_0000_0000_0002)) == "NaN")
    }

    @Test func `are appended to what the output already holds`() {
        var output = "a ".utf8Array
        SampleText.append(1.5, openMetrics: false, to: &output)
        output.append(0x0A)
        SampleText.append(-2, openMetrics: true, to: &output)
        #expect(text(output) == "a 1.5\n-2.0")
    }

    @Test("read back as the same bits and are the shortest digits", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // Together 30,000, and 2,000,000 in the long rounds.
        for round in 0..<(Soak.isOn ? 100_000 : 1500) {
            let bits = round % 4 == 0 ? nearPowers(&generator) : generator.next()
            guard bits << 1 != 0, let problem = problem(Double(bitPattern: bits)) else { continue }
            Issue.record("seed \(seed): 0x\(String(bits, radix: 16)) \(problem)")
            return
        }
    }

    @Test func `of every power of two read back and are shortest, and their neighbours`() {
        for exponent in 0..<0x7FF as Range<UInt64> {
            for bits in [exponent << 52, exponent << 52 | 1, (exponent << 52) &- 1] where bits >> 63 == 0 && bits != 0 {
                let found = problem(Double(bitPattern: bits))
                #expect(found == nil, "0x\(String(bits, radix: 16))")
            }
        }
        for bit in 0..<52 { #expect(problem(Double(bitPattern: 1 << UInt64(bit))) == nil, "denormal, bit \(bit)") }
    }

    @Test func `of every power of ten are one digit`() {
        for exponent in -323...308 {
            let name = "1e\(exponent < 0 ? "-" : "+")\(abs(exponent) < 10 ? "0" : "")\(abs(exponent))"
            guard let value = SampleValue.parse(name.utf8Array.span) else {
                Issue.record("\(name) is not read")
                continue
            }
            let digits = written(value).prefix { $0 != "e" }.filter { $0 != "." }.drop { $0 == "0" }
            #expect(digits.first == "1" && digits.dropFirst().allSatisfy { $0 == "0" }, "\(name)")
            if exponent >= 6 || exponent < -4 { #expect(written(value) == name) }
        }
    }

    /// Bits with few ones, and numbers of few digits: where shortest digits are decided at the edge of an interval.
    private func nearPowers(_ generator: inout SeededGenerator) -> UInt64 {
        switch generator.next() % 3 {
        case 0: return generator.next() & generator.next() & generator.next() & 0x7FFF_FFFF_FFFF_FFFF
        case 1: return (Double(generator.next() >> 40) / 1000).bitPattern
        default: return (Double(generator.next() >> 11) / Double(1 << (generator.next() % 16))).bitPattern
        }
    }

    /// What is wrong with a value's text; Swift's own description says which digits are shortest.
    private func problem(_ value: Double) -> String? {
        let text = written(value)
        guard let read = SampleValue.parse(text.utf8Array.span) else { return "\(text) is not read" }
        guard read.bitPattern == (value.isNaN ? SampleValue.nan : value).bitPattern else {
            return "\(text) reads as \(read)"
        }
        return !value.isFinite || digits(text) == digits(value.description) ? nil : "\(text) is not \(value)"
    }

    private func digits(_ text: String) -> [UInt8] {
        var digits = text.utf8.prefix { $0 != UInt8(ascii: "e") }.filter { (0x30...0x39).contains($0) }
        while digits.last == 0x30 { digits.removeLast() }
        return Array(digits.drop { $0 == 0x30 })
    }
}
