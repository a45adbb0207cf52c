/// The leading 128 bits of the powers of five, which is all of a power of ten that is not a shift.
///
/// Owns one table for both directions, reading and writing, made at its first use in a few microseconds: 667 entries of
/// 16 bytes. Each entry has its highest bit set and is cut, not rounded.
enum PowersOfFive {
    /// The exponents that doubles need: reading the smallest, writing the smallest.
    static let range = -342...324

    /// The entry of an exponent in `range`, cut.
    static func leading(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        let entry = table[exponent &- range.lowerBound]
        return (entry.high, entry.low)
    }

    /// floor(log2(10^exponent)), by a product that is exact for all exponents of doubles.
    static func binaryExponent(_ exponent: Int) -> Int { (exponent &* 217_706) >> 16 }

    /// The leading bits of a normalised mantissa times a power, exact enough for 55 bits and rounding.
    static func product(of mantissa: UInt64, exponent: Int) -> (high: UInt64, low: UInt64) {
        let power = leading(exponent)
        let first = power.high.multipliedFullWidth(by: mantissa)
        // Only where the bits below those needed are all ones can the rest of the power carry into them.
        guard first.high & 0x1FF == 0x1FF else { return (first.high, first.low) }
        // The method is proven for reciprocals of what fits 64 bits being rounded up.
        let low = exponent < 0 && exponent >= -27 ? power.low &+ 1 : power.low
        let second = low.multipliedFullWidth(by: mantissa)
        let (sum, carry) = first.low.addingReportingOverflow(second.high)
        return (carry ? first.high &+ 1 : first.high, sum)
    }

    private struct Entry {
        var high: UInt64
        var low: UInt64
    }

    private static let table: [Entry] = {
        var entries = [Entry](repeating: Entry(high: 0, low: 0), count: range.count)
        // 2^959 / 5^342 still has more than 128 bits. Cutting after each division is the same as cutting once.
        var words = [UInt64](repeating: 0, count: 15)
        words[14] = 1 << 63
        for exponent in stride(from: -1, through: range.lowerBound, by: -1) {
            var rest: UInt64 = 0
            for index in words.indices.reversed() {
                (words[index], rest) = UInt64(5).dividingFullWidth((rest, words[index]))
            }
            entries[exponent - range.lowerBound] = leading(of: words)
        }
        // 5^324 has 753 bits.
        words = [1] + [UInt64](repeating: 0, count: 11)
        for exponent in 0...range.upperBound {
            entries[exponent - range.lowerBound] = leading(of: words)
            var carry: UInt64 = 0
            for index in words.indices {
                let product = words[index].multipliedFullWidth(by: 5)
                let (sum, overflow) = product.low.addingReportingOverflow(carry)
                words[index] = sum
                carry = product.high + (overflow ? 1 : 0)
            }
        }
        return entries
    }()

    /// The first 128 bits of a large integer, lowest word first, that is not zero.
    private static func leading(of words: [UInt64]) -> Entry {
        let top = words.lastIndex { $0 != 0 } ?? 0
        let next = top > 0 ? words[top - 1] : 0
        let afterNext = top > 1 ? words[top - 2] : 0
        let zeros = words[top].leadingZeroBitCount
        guard zeros > 0 else { return Entry(high: words[top], low: next) }
        return Entry(
            high: words[top] << zeros | next >> (64 - zeros), low: next << zeros | afterNext >> (64 - zeros))
    }
}
