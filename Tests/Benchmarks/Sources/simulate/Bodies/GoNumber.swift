/// Prints `mantissa / 10^decimals` as Go's exporters do (`strconv.FormatFloat(v, 'g', -1, 64)`): `12345.67`,
/// `1.6203512e+07`, `3.1577e-05`.
enum GoNumber {
    /// Appends the number; `mantissa` is not negative and has at most 18 digits.
    static func append(mantissa: Int64, decimals: Int, to text: inout [UInt8]) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = UInt64(max(0, mantissa))
        var decimals = decimals
        while rest != 0, rest % 10 == 0 {
            rest /= 10
            decimals -= 1
        }
        var count = 0
        while rest != 0 {
            digits[count] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
            count += 1
        }
        guard count > 0 else { return text.append(UInt8(ascii: "0")) }
        // The digits stand in reverse; the number is 0.d₁d₂… × 10^point.
        let point = count - decimals
        if point - 1 < -4 || point - 1 >= 6 {
            appendScientific(digits, count: count, exponent: point - 1, to: &text)
        } else if point <= 0 {
            text.append(contentsOf: "0.".utf8)
            for _ in point..<0 { text.append(UInt8(ascii: "0")) }
            for index in (0..<count).reversed() { text.append(digits[index]) }
        } else {
            for place in 0..<max(count, point) {
                if place == point { text.append(UInt8(ascii: ".")) }
                text.append(place < count ? digits[count - 1 - place] : UInt8(ascii: "0"))
            }
        }
    }

    private static func appendScientific(
        _ digits: InlineArray<20, UInt8>, count: Int, exponent: Int, to text: inout [UInt8]
    ) {
        text.append(digits[count - 1])
        if count > 1 {
            text.append(UInt8(ascii: "."))
            for index in (0..<(count - 1)).reversed() { text.append(digits[index]) }
        }
        text.append(UInt8(ascii: "e"))
        text.append(UInt8(ascii: exponent < 0 ? "-" : "+"))
        text.append(UInt8(ascii: "0") + UInt8(exponent.magnitude / 10))
        text.append(UInt8(ascii: "0") + UInt8(exponent.magnitude % 10))
    }
}
