/// Reads the value of a sample as a Prometheus server does.
///
/// Owns the meaning of a number's token: the double nearest to it, of two equally near ones the even one, whatever the
/// token's length. What the server refuses is nil: hexadecimal digits, underscores, signed NaN, and what would have to
/// be rounded to infinity (`1e400`). What is too small for a double is zero with the token's sign.
package enum SampleValue {
    /// The one NaN that is ever read, so that a target cannot send the marker of staleness.
    package static let nan = Double(bitPattern: 0x7FF8_0000_0000_0001)

    /// The value of a token, or nil where it is no number that a Prometheus server takes.
    package static func parse(_ token: Span<UInt8>) -> Double? {
        guard let decimal = DecimalScan(token) else { return word(token) }
        guard let magnitude = magnitude(decimal, in: token) else { return nil }
        return decimal.isNegative ? -magnitude : magnitude
    }

    /// The value of a part of a body, as ``LineScanner`` finds it. The range must lie inside the body.
    package static func parse(_ body: Span<UInt8>, _ token: Range<Int>) -> Double? {
        parse(body.extracting(token))
    }

    @inline(__always)
    private static func magnitude(_ decimal: DecimalScan, in token: Span<UInt8>) -> Double? {
        guard decimal.mantissa != 0 else { return 0 }
        let value = NearestDouble.value(decimal.mantissa, exponent: decimal.exponent)
        if decimal.isCut {
            // The token lies between two neighbours of 19 digits: where both are the same double, so is it.
            guard value == NearestDouble.value(decimal.mantissa + 1, exponent: decimal.exponent) else {
                return LongDecimal.value(of: decimal, in: token)
            }
        }
        return value.isFinite ? value : nil
    }

    /// The numbers that are words, in any case; a NaN has no sign.
    private static func word(_ token: Span<UInt8>) -> Double? {
        guard let first = token.isEmpty ? nil : token[0] else { return nil }
        let isSigned = first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        let start = isSigned ? 1 : 0
        if equals(token, from: start, "inf") || equals(token, from: start, "infinity") {
            return first == UInt8(ascii: "-") ? -Double.infinity : Double.infinity
        }
        return !isSigned && equals(token, from: 0, "nan") ? nan : nil
    }

    private static func equals(_ token: Span<UInt8>, from start: Int, _ word: StaticString) -> Bool {
        guard token.count - start == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for offset in word.indices where token[start + offset].lowercased != word[offset] { return false }
            return true
        }
    }
}
