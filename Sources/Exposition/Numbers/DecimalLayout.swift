/// Lays a decimal out in a small buffer that is lent to it.
///
/// Owns the place in the buffer. The longest text, `-1.2345678901234567e-308`, has 24 bytes.
struct DecimalLayout {
    static let capacity = 32
    private let text: UnsafeMutableBufferPointer<UInt8>
    /// How many bytes have been put.
    private(set) var count = 0

    /// A layout into a buffer of at least `capacity` bytes.
    init(_ text: UnsafeMutableBufferPointer<UInt8>) {
        self.text = text
    }

    mutating func put(_ byte: UInt8) {
        text[count] = byte
        count += 1
    }

    /// Puts a decimal as Go's format `g` does, which takes 10^6 for the first number that needs an exponent.
    mutating func put(_ decimal: ShortestDecimal, openMetrics: Bool) {
        let length = Self.digitCount(decimal.digits)
        // Digits before the point; beyond the digits, or below zero, where zeros stand between.
        let point = length + decimal.exponent
        if point < -3 || point > 6 {
            // One place is left free for the point, and the first digit moved before it.
            putDigits(decimal.digits, length, at: count + 1)
            text[count] = text[count + 1]
            if length > 1 {
                text[count + 1] = UInt8(ascii: ".")
                count += length + 1
            } else {
                count += 1
            }
            putExponent(point - 1)
        } else if point <= 0 {
            put(UInt8(ascii: "0"))
            put(UInt8(ascii: "."))
            for _ in point..<0 { put(UInt8(ascii: "0")) }
            putDigits(decimal.digits, length, at: count)
            count += length
        } else if length > point {
            let start = count
            putDigits(decimal.digits, length, at: start + 1)
            for index in start..<start + point { text[index] = text[index + 1] }
            text[start + point] = UInt8(ascii: ".")
            count += length + 1
        } else {
            putDigits(decimal.digits, length, at: count)
            count += length
            for _ in length..<point { put(UInt8(ascii: "0")) }
            if openMetrics {
                put(UInt8(ascii: "."))
                put(UInt8(ascii: "0"))
            }
        }
    }

    /// Writes all digits of a number, from the last to the first.
    private func putDigits(_ number: UInt64, _ length: Int, at start: Int) {
        var rest = number
        var index = start + length
        while index > start {
            index -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
    }

    /// Puts a sign and at least two digits.
    private mutating func putExponent(_ exponent: Int) {
        put(UInt8(ascii: "e"))
        put(UInt8(ascii: exponent < 0 ? "-" : "+"))
        let magnitude = exponent.magnitude
        if magnitude >= 100 { put(UInt8(ascii: "0") + UInt8(magnitude / 100)) }
        put(UInt8(ascii: "0") + UInt8(magnitude / 10 % 10))
        put(UInt8(ascii: "0") + UInt8(magnitude % 10))
    }

    private static func digitCount(_ number: UInt64) -> Int {
        var count = 1
        var bound: UInt64 = 10
        // 17 digits at most, so the bound never overflows.
        while number >= bound {
            count += 1
            bound *= 10
        }
        return count
    }
}
