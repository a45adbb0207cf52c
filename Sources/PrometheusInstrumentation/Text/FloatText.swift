/// Numbers as Prometheus' own libraries print them.
///
/// Bucket bounds are part of a series' identity, so the layout has to be the same everywhere: the shortest digits that
/// read back as the same double, in the `g` layout of Go with its threshold of six.
public enum FloatText {
    /// Appends the text of a value: `0`, `0.25`, `100000`, `1e+06`, `1.5e-05`, `NaN`, `+Inf`, `-Inf`.
    public static func append(_ value: Double, to output: inout [UInt8]) {
        guard value.isFinite else {
            output.append(contentsOf: (value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf").utf8)
            return
        }
        if value == 0 {
            // Minus zero too.
            output.append(UInt8(ascii: "0"))
            return
        }
        if value < 0 { output.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        // Below 2^53 an integer's own digits are the shortest ones.
        if magnitude < 9_007_199_254_740_992, magnitude == magnitude.rounded(.towardZero) {
            appendInteger(UInt64(magnitude), to: &output)
        } else {
            appendShortest(magnitude, to: &output)
        }
    }

    /// The text of a value, for messages and tests.
    public static func string(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func appendInteger(_ value: UInt64, to output: inout [UInt8]) {
        var digits = DecimalDigits()
        digits.setInteger(value)
        digits.appendLayout(to: &output)
    }

    /// Swift prints the same shortest digits, only laid out differently: take them from there.
    private static func appendShortest(_ value: Double, to output: inout [UInt8]) {
        var description = value.description
        var digits = DecimalDigits()
        description.withUTF8 { digits.setDescription($0) }
        digits.appendLayout(to: &output)
    }
}
