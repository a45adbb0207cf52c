import Testing

/// A value, how Go's `strconv.AppendFloat(f, 'g', -1, 64)` writes it in text, and how the same stands in OpenMetrics.
struct GoText: Sendable, CustomTestStringConvertible {
    var value: Double
    var text: String
    var openMetrics: String
    var testDescription: String { text }

    init(_ value: Double, _ text: String, _ openMetrics: String? = nil) {
        self.value = value
        self.text = text
        self.openMetrics = openMetrics ?? text
    }

    static let all: [GoText] = [
        .init(0, "0", "0.0"), .init(1, "1", "1.0"), .init(2, "2", "2.0"), .init(10, "10", "10.0"),
        .init(123_456, "123456", "123456.0"), .init(100_000, "100000", "100000.0"),
        .init(999_999, "999999", "999999.0"),
        .init(1_000_000, "1e+06"), .init(1_234_567, "1.234567e+06"), .init(12_345_678, "1.2345678e+07"),
        .init(1_700_000_000_123, "1.700000000123e+12"), .init(9_739_104, "9.739104e+06"),
        .init(999_999.5, "999999.5"), .init(1_000_000.5, "1.0000005e+06"), .init(123_456.789, "123456.789"),
        .init(0.1, "0.1"), .init(0.5, "0.5"), .init(1.5, "1.5"), .init(0.25, "0.25"), .init(0.001, "0.001"),
        .init(0.0001, "0.0001"), .init(0.00012345, "0.00012345"), .init(0.00001, "1e-05"), .init(0.000015, "1.5e-05"),
        .init(0.00009999, "9.999e-05"), .init(4.2623e-05, "4.2623e-05"), .init(0.000102554, "0.000102554"),
        .init(0.30000000000000004, "0.30000000000000004"), .init(1.0 / 3, "0.3333333333333333"),
        .init(100.0 / 3, "33.333333333333336"), .init(2.5e15, "2.5e+15"), .init(1e15, "1e+15"), .init(1e21, "1e+21"),
        .init(1e23, "1e+23"), .init(1e100, "1e+100"), .init(1.5e-10, "1.5e-10"), .init(1e-100, "1e-100"),
        .init(9_007_199_254_740_991, "9.007199254740991e+15"), .init(9_007_199_254_740_992, "9.007199254740992e+15"),
        .init(18_446_744_073_709_551_616, "1.8446744073709552e+19"),
        .init(9_223_372_036_854_775_808, "9.223372036854776e+18"),
        .init(1_125_899_906_842_624.25, "1.1258999068426242e+15"), .init(.leastNonzeroMagnitude, "5e-324"),
        .init(2.2250738585072014e-308, "2.2250738585072014e-308"),
        .init(Double.leastNormalMagnitude.nextDown, "2.225073858507201e-308"),
        .init(.greatestFiniteMagnitude, "1.7976931348623157e+308"), .init(.infinity, "+Inf"), .init(.nan, "NaN"),
    ]
}
