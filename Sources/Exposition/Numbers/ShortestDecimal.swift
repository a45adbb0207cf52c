/// The shortest decimal that reads back as a given double, of several the nearest: `digits` × 10^`exponent`.
///
/// Owns the search for it, by Giulietti's Schubfach ("The Schubfach way to render doubles", 2020). The digits are those
/// of Go and of Swift's own description; only ties, and these to even, need a rule.
struct ShortestDecimal {
    /// At most 17 digits, the last of which is not zero.
    private(set) var digits: UInt64
    private(set) var exponent: Int

    /// The decimal of a finite number above zero.
    init(_ value: Double) {
        let biased = Int(value.exponentBitPattern)
        let fraction = value.significandBitPattern
        let mantissa = biased > 0 ? fraction | 1 << 52 : fraction
        let power = max(biased, 1) - 1075
        if power <= 0, power > -53, mantissa & ((1 << UInt64(-power)) - 1) == 0 {
            // An integer below 2^53: its own digits.
            (digits, exponent) = (mantissa >> UInt64(-power), 0)
        } else {
            (digits, exponent) = Self.shortest(mantissa, power: power, isClose: fraction == 0 && biased > 1)
        }
        dropTrailingZeros()
    }

    /// - Parameter isClose: whether the next double below is only half as far away as the next one above.
    private static func shortest(_ mantissa: UInt64, power: Int, isClose: Bool) -> (UInt64, Int) {
        // The largest power of ten that is no longer than the interval that reads back as the number; the interval and
        // the number in quarters of it.
        let tens = (power &* 1_262_611 &- (isClose ? 524_031 : 0)) >> 22
        let shift = UInt64(truncatingIfNeeded: power + PowersOfFive.binaryExponent(-tens) + 1)  // 1 to 4
        let cut = PowersOfFive.leading(-tens)
        // Rounded up, the exact ones too: `scaled` overlooks so little.
        let (low, carry) = cut.low.addingReportingOverflow(1)
        let factor = (high: carry ? cut.high &+ 1 : cut.high, low: low)
        let middle = scaled((mantissa << 2) &<< shift, by: factor)
        // Bounds of even numbers belong to the interval: that is where readers round to.
        let bound: UInt64 = mantissa & 1
        let lower = scaled(((mantissa << 2) - (isClose ? 1 : 2)) &<< shift, by: factor) + bound
        let upper = scaled(((mantissa << 2) + 2) &<< shift, by: factor) - bound

        let quotient = middle / 4
        if quotient >= 10 {
            // One digit less, if exactly one of the two neighbours lies inside.
            let shorter = quotient / 10
            let isLowerInside = lower <= 40 * shorter
            let isUpperInside = 40 * shorter + 40 <= upper
            if isLowerInside != isUpperInside { return (shorter + (isUpperInside ? 1 : 0), tens + 1) }
        }
        let isLowerInside = lower <= 4 * quotient
        let isUpperInside = 4 * quotient + 4 <= upper
        if isLowerInside != isUpperInside { return (quotient + (isUpperInside ? 1 : 0), tens) }
        // Both or none: the nearer one.
        let half = 4 * quotient + 2
        let isUp = middle > half || (middle == half && quotient & 1 == 1)
        return (quotient + (isUp ? 1 : 0), tens)
    }

    /// The upper 64 bits of a product of 192, the last one set where what is below is more than the factor's error.
    private static func scaled(_ number: UInt64, by factor: (high: UInt64, low: UInt64)) -> UInt64 {
        let below = factor.low.multipliedFullWidth(by: number)
        let above = factor.high.multipliedFullWidth(by: number)
        let (sum, carry) = above.low.addingReportingOverflow(below.high)
        return (carry ? above.high &+ 1 : above.high) | (sum > 1 ? 1 : 0)
    }

    private mutating func dropTrailingZeros() {
        while true {
            let (quotient, rest) = digits.quotientAndRemainder(dividingBy: 10)
            guard rest == 0, quotient > 0 else { return }
            digits = quotient
            exponent += 1
        }
    }
}
