extension DecimalToken {
    /// Puts the token's text, at most `maximumLength` bytes.
    @inline(__always)
    func write(to output: inout ByteOutput) {
        if form == .plain, exponent == 0, mantissa >= 0 {
            guard mantissa >= 10 else { return output.put(48 &+ UInt8(truncatingIfNeeded: mantissa)) }
            let magnitude = UInt64(bitPattern: mantissa)
            return output.put(magnitude, digits: PowersOfTen.digits(of: magnitude))
        }
        writeRare(to: &output)
    }

    private func writeRare(to output: inout ByteOutput) {
        if mantissa < 0 { output.put(UInt8(ascii: "-")) }
        let magnitude = mantissa.magnitude
        let digits = PowersOfTen.digits(of: magnitude)
        guard form == .plain else { return writeExponent(magnitude, digits, to: &output) }
        let decimals = max(0, -Int(exponent))
        guard decimals > 0 else { return output.put(magnitude, digits: digits) }
        guard decimals < 20 else {
            // No power of ten that large: the whole part is zero.
            output.put(48)
            output.put(UInt8(ascii: "."))
            for _ in digits..<max(digits, decimals) { output.put(48) }
            return output.put(magnitude, digits: digits)
        }
        let unit = PowersOfTen.power(decimals)
        let whole = magnitude / unit
        output.put(whole, digits: PowersOfTen.digits(of: whole))
        output.put(UInt8(ascii: "."))
        output.put(magnitude &- whole &* unit, digits: decimals)
    }

    private func writeExponent(_ magnitude: UInt64, _ digits: Int, to output: inout ByteOutput) {
        let unit = PowersOfTen.power(digits - 1)
        let first = magnitude / unit
        output.put(first, digits: 1)
        if digits > 1 {
            output.put(UInt8(ascii: "."))
            output.put(magnitude &- first &* unit, digits: digits - 1)
        }
        output.put(form == .java ? UInt8(ascii: "E") : UInt8(ascii: "e"))
        if exponent < 0 || form == .scientific { output.put(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")) }
        let power = UInt64(exponent.magnitude)
        output.put(power, digits: max(PowersOfTen.digits(of: power), form == .scientific ? 2 : 1))
    }
}
