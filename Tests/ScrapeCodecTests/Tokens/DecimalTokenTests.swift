import TestSupport
import Testing

@testable import ScrapeCodec

/// A token is taken only when it can be printed back as it was.
@Suite struct DecimalTokenTests {
    /// Whether a text is one of the three forms, told digit by digit and in no hurry.
    private static func isToken(_ text: String) -> Bool {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative { rest.removeFirst() }
        let mark = rest.firstIndex { $0 == "e" || $0 == "E" }
        let mantissa = rest[..<(mark ?? rest.endIndex)].split(separator: ".", omittingEmptySubsequences: false)
        let digits = mantissa.joined()
        guard (1...2).contains(mantissa.count), mantissa.allSatisfy({ !$0.isEmpty }), digits.count <= 18,
            digits.allSatisfy({ ("0"..."9").contains($0) }), mantissa[0] == "0" || mantissa[0].first != "0",
            !isNegative || digits.contains(where: { $0 != "0" })
        else { return false }
        guard let mark else { return true }
        var exponent = rest[rest.index(after: mark)...]
        guard mantissa[0].count == 1, mantissa[0] != "0" else { return false }
        let sign = exponent.first.flatMap { $0 == "-" || $0 == "+" ? $0 : nil }
        if sign != nil { exponent.removeFirst() }
        guard let value = Int(exponent), value <= 120, exponent.allSatisfy({ ("0"..."9").contains($0) }),
            value > 0 || sign != "-"
        else { return false }
        if rest[mark] == "E" { return sign != "+" && mantissa.count == 2 && value > 0 && exponent.first != "0" }
        return sign != nil && exponent.count == max(2, "\(value)".count)
    }

    private static func check(_ text: String) {
        let token = DecimalToken.parse(text)
        if token != DecimalToken.parseFar(text) { Issue.record("\(text) is read otherwise far from the end") }
        guard isToken(text) else {
            #expect(token == nil, "\(text) is taken")
            return
        }
        guard let token else {
            Issue.record("\(text) is refused")
            return
        }
        if token.text != text { Issue.record("\(text) is printed as \(token.text)") }
        guard token.mantissa != 0, Double("\(token.mantissa)e\(token.scale)") != Double(text) else { return }
        Issue.record("\(text) is \(token.mantissa) × 10^\(token.scale)")
    }

    @Test(arguments: Array("019.-+eE"))
    func `every short text is printed back, or is none that could be`(first: Character) {
        var texts = [String(first)]
        for _ in 0..<4 {
            texts.forEach(Self.check)
            texts = texts.flatMap { text in "019.-eE+".map { text + String($0) } }
        }
        var random = SeededGenerator(seed: 1)
        for text in texts where Soak.isOn || random.once(in: 3) { Self.check(text) }
    }

    @Test(arguments: 0..<UInt64(4))
    func `random tokens are printed back`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 * Soak.factor {
            var text = random.once(in: 3) ? "-" : ""
            for _ in 0..<1 + random.below(random.once(in: 4) ? 20 : 6) { text += "\(random.below(10))" }
            if random.once(in: 2) {
                text += "."
                for _ in 0..<random.below(random.once(in: 4) ? 19 : 5) { text += "\(random.below(10))" }
            }
            if random.once(in: 3) {
                text += random.element(of: ["e+", "e-", "E", "E-", "e", "E+"])
                text += random.once(in: 2) ? "0\(random.below(10))" : "\(random.below(130))"
            }
            Self.check(text)
        }
    }

    @Test func `what cannot be printed back is refused`() {
        let refused = [
            "", "-", ".", "00", "01", "-0", "-0.0", "1.", ".5", "-.5", "+1", "1e5", "1E+5", "1E5", "1e+5", "1e+005",
            "1e+121", "1.0E121", "1.0E0", "1.0E05", "1.0E+5", "0e+06", "0.5e+06", "12e+06", "1e-00", "1.0E-0", "1.e+06",
            "1234567890123456789", "0.123456789012345678", "1.5.5", "0x1", "NaN", "1_0", " 1", "1 ", "1e", "1e+", "1E-",
            "1.0E", "1e+0", "1e+1234", "1e+99999999999999999999", "--1", "1-", "\u{661}",
        ]
        for text in refused { #expect(DecimalToken.parse(text) == nil, "\(text)") }
    }

    @Test func `no text, however long, is read farther than a token may reach`() {
        for text in ["-" + String(repeating: "9", count: 300), "0." + String(repeating: "0", count: 300)] {
            #expect(DecimalToken.parseFar(text) == nil)
            for mark in ["e+", "e-", "E", "E-"] {
                for digits in ["1", "-1.23456789012345678", "0", String(repeating: "1", count: 19)] {
                    #expect(DecimalToken.parseFar(digits + mark + String(repeating: "0", count: 300)) == nil)
                    #expect(DecimalToken.parseFar(digits + mark + String(repeating: "1", count: 300)) == nil)
                }
            }
        }
    }

    @Test func `numbers as programs write them are taken`() {
        let taken = [
            "0", "1", "-1", "0.0", "0.00", "12.50", "123456789012345678", "-999999999999999999", "0.12345678901234567",
            "1e+06", "1e-05", "1.5e+06", "1.50e+06", "1.000000e+00", "9e+99", "1e+100", "1e+120", "-1e-120", "1.0E7",
            "1.0E-4", "1.0E10", "-4.9E-120", "1.0E120", "100000000000000000", "0.00000000000000001",
        ]
        for text in taken {
            #expect(DecimalToken.parse(text)?.text == text)
            #expect(text.utf8.count <= DecimalToken.maximumLength)
        }
    }

    @Test func `no token is longer than is said, whatever a peer made it of`() {
        for form in [DecimalToken.Form.plain, .scientific, .java] {
            for exponent in Int8.min...Int8.max where form != .plain || exponent <= 0 {
                for mantissa in [Int64.min, -1, 0, 1, 10, .max] {
                    let token = DecimalToken(mantissa: mantissa, exponent: exponent, form: form)
                    #expect(token.text.utf8.count <= DecimalToken.maximumLength)
                }
            }
        }
    }

    @Test func `digits are counted`() {
        var power: UInt64 = 1
        for digits in 1...20 {
            #expect(PowersOfTen.digits(of: power) == digits)
            #expect(PowersOfTen.digits(of: power - 1) == max(1, digits - 1))
            if digits < 20 { power *= 10 }
        }
        #expect(PowersOfTen.digits(of: .max) == 20)
    }
}
