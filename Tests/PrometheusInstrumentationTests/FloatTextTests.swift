import PrometheusInstrumentation
import TestSupport
import Testing

@Suite("Numbers")
struct FloatTextTests {
    @Test(
        "are printed as Go prints them",
        arguments: [
            (0.0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (10, "10"), (100_000, "100000"), (999_999, "999999"),
            (1_000_000, "1e+06"), (1_234_567, "1.234567e+06"), (123_456_789, "1.23456789e+08"),
            (123456.789, "123456.789"), (0.0001, "0.0001"), (0.00001, "1e-05"), (0.000015, "1.5e-05"),
            (0.00012345, "0.00012345"), (1e21, "1e+21"), (.leastNonzeroMagnitude, "5e-324"), (1e100, "1e+100"),
            (-1.5e-7, "-1.5e-07"),
            (9_007_199_254_740_992, "9.007199254740992e+15"), (9_007_199_254_740_991, "9.007199254740991e+15"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (0.1, "0.1"),
            (0.30000000000000004, "0.30000000000000004"),
            (2.5, "2.5"), (1e15, "1e+15"), (1e16, "1e+16"), (0x1p70, "1.1805916207174113e+21"),
            (0x1p64, "1.8446744073709552e+19"), (999_999.5, "999999.5"),
            (1_700_000_000.123, "1.700000000123e+09"), (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        ])
    func goLayout(value: Double, expected: String) {
        #expect(FloatText.string(value) == expected)
    }

    @Test("read back as the same double", arguments: 1...10 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<5_000 {
            let bits = generator.next()
            // Any bits, small integers, and decimals of a few digits.
            let value =
                switch round % 3 {
                case 0: Double(bitPattern: bits)
                case 1: Double(Int64(truncatingIfNeeded: bits) >> Int64(bits % 63))
                default: Double(bits % 100_000_000) / 1000
                }
            guard value.isFinite else { continue }
            let text = FloatText.string(value)
            #expect(Double(text) == value, "seed \(seed)")
            // As many digits as Swift's own shortest form has, so no longer one was made.
            #expect(digits(text) == digits(value.description), "seed \(seed): \(text)")
        }
    }

    private func digits(_ text: String) -> String {
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber)
        let significant = mantissa.drop { $0 == "0" }
        return String(significant.reversed().drop { $0 == "0" }.reversed())
    }
}
