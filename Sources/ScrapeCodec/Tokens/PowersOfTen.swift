/// Powers of ten that fit 64 bits, and how many digits a number has.
enum PowersOfTen {
    /// 10^0 … 10^19.

    static let table: InlineArray<20, UInt64> = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    /// 10^exponent, for 0 … 19.
    static func power(_ exponent: Int) -> UInt64 { table[exponent] }

    /// Decimal digits of a number; 1 for zero.
    static func digits(of magnitude: UInt64) -> Int {
        // 1233 / 4096 is a hair above log10(2).
        let guess = ((64 - magnitude.leadingZeroBitCount) &* 1233) >> 12
        return max(1, guess &+ (magnitude >= table[guess] ? 1 : 0))
    }
}
