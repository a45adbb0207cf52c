import Glibc

/// The rare token of more than 19 digits that lies so near the middle of two doubles that all its digits count.
///
/// Owns a copy of at most 800 digits on the stack. No middle has more than 768 digits, so what is left out only has to
/// be told from zero: a last `1` stands for it. The C library rounds correctly and, for digits alone, in every locale.
enum LongDecimal {
    private static let digitLimit = 800
    /// Room behind the digits for the `1`, an `e`, a 64-bit exponent and the terminator.
    private static let tail = 32

    /// The magnitude of a scanned token, or nil where it rounds to infinity.
    static func value(of decimal: DecimalScan, in token: Span<UInt8>) -> Double? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: digitLimit + tail) { text in
            var count = 0
            var exponent = decimal.exponent
            var hasMore = false
            for index in decimal.digits {
                let byte = token[index]
                guard byte != UInt8(ascii: "."), count > 0 || byte != UInt8(ascii: "0") else { continue }
                if count < digitLimit {
                    text[count] = CChar(bitPattern: byte)
                    count += 1
                } else if byte != UInt8(ascii: "0") {
                    hasMore = true
                }
            }
            // The scan's exponent belongs to the first 19 digits.
            exponent -= count - DecimalScan.mantissaDigits
            if hasMore {
                text[count] = CChar(bitPattern: UInt8(ascii: "1"))
                count += 1
                exponent -= 1
            }
            text[count] = CChar(bitPattern: UInt8(ascii: "e"))
            count += 1
            for byte in String(exponent).utf8 {
                text[count] = CChar(bitPattern: byte)
                count += 1
            }
            text[count] = 0
            guard let start = text.baseAddress else { return nil }
            let value = strtod(start, nil)
            return value.isFinite ? value : nil
        }
    }
}
