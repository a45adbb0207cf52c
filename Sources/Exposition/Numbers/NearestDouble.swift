/// The double nearest to an integer times a power of ten, by the algorithm of Eisel and Lemire.
///
/// Owns the rounding: to nearest, ties to even, gradual underflow. It is exact for every 64-bit integer ("Number
/// Parsing at a Gigabyte per Second", 2021; Mushtak and Lemire, "Fast Number Parsing Without Fallback", 2023).
enum NearestDouble {
    private static let fractionBits = 52
    private static let bias = 1023

    /// `mantissa` × 10^`exponent`, infinity where that is beyond all doubles. The mantissa is not zero.
    static func value(_ mantissa: UInt64, exponent: Int) -> Double {
        // Integers that a double holds exactly: most counters and gauges.
        if exponent == 0, mantissa < 1 << 53 { return Double(mantissa) }
        // Below this even the largest mantissa is less than half the smallest double.
        guard exponent >= PowersOfFive.range.lowerBound else { return 0 }
        guard exponent <= 308 else { return .infinity }

        let zeros = mantissa.leadingZeroBitCount
        let product = PowersOfFive.product(of: mantissa << UInt64(zeros), exponent: exponent)
        let isUpper = Int(product.high >> 63)
        // One bit more than the fraction and its hidden bit, for rounding.
        let shift = UInt64(isUpper + 64 - fractionBits - 3)
        var bits = product.high >> shift
        var power = PowersOfFive.binaryExponent(exponent) + 63 + isUpper - zeros + bias

        if power <= 0 {
            // Denormal: the fraction loses bits. A tie is not possible so far down.
            guard power > -63 else { return 0 }
            bits >>= UInt64(1 - power)
            bits += bits & 1
            // Rounded up to 2^52 this is the bit pattern of the smallest normal number.
            return Double(bitPattern: bits >> 1)
        }
        // Exactly between two doubles, which only small powers can be: down to the even one.
        if product.low <= 1, exponent >= -4, exponent <= 23, bits & 3 == 1, bits << shift == product.high {
            bits &= ~1
        }
        bits += bits & 1
        bits >>= 1
        if bits >= 1 << UInt64(fractionBits + 1) {
            bits = 1 << UInt64(fractionBits)
            power += 1
        }
        guard power < 0x7FF else { return .infinity }
        let fraction = bits & ((1 << UInt64(fractionBits)) - 1)
        return Double(bitPattern: UInt64(power) << UInt64(fractionBits) | fraction)
    }
}
