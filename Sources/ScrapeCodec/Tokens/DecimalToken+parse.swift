extension DecimalToken {
    /// Reads the decimal at the cursor and moves behind it; nil when there is none that can be printed back.
    ///
    /// What stands behind it is the caller's to judge: `1.5x` gives 1.5 and the `x`. After nil the cursor is anywhere.
    @inline(__always)
    init?(_ cursor: inout some ByteSource) {
        let isNegative = cursor.byte == UInt8(ascii: "-")
        if isNegative { cursor.advance() }
        let first = cursor.byte &- 48
        guard first < 10 else { return nil }
        cursor.advance()
        // Eighteen digits cannot overflow; with more it is no such token.
        var value = UInt64(first)
        var digits = 1
        if cursor.byte &- 48 < 10 { digits &+= cursor.digits(&value) }
        let whole = digits
        guard first > 0 || whole == 1 else { return nil }
        var decimals = 0
        if cursor.byte == UInt8(ascii: ".") {
            cursor.advance()
            decimals = cursor.digits(&value)
            digits &+= decimals
            guard decimals > 0 else { return nil }
        }
        guard digits <= Self.maximumDigits else { return nil }
        // Minus zero would lose its sign.
        guard value != 0 || !isNegative else { return nil }
        mantissa = isNegative ? 0 &- Int64(bitPattern: value) : Int64(bitPattern: value)
        guard cursor.byte | 0x20 == UInt8(ascii: "e") else {
            exponent = Int8(truncatingIfNeeded: 0 &- decimals)
            form = .plain
            return
        }
        guard whole == 1, first > 0, let (exponent, form) = Self.exponent(&cursor, decimals: decimals) else {
            return nil
        }
        self.exponent = exponent
        self.form = form
    }

    /// Reads the exponent whose `e` or `E` is at the cursor.
    private static func exponent(_ cursor: inout some ByteSource, decimals: Int) -> (exponent: Int8, form: Form)? {
        let isJava = cursor.byte == UInt8(ascii: "E")
        cursor.advance()
        let isNegative = cursor.byte == UInt8(ascii: "-")
        if isNegative {
            cursor.advance()
        } else if !isJava {
            guard cursor.byte == UInt8(ascii: "+") else { return nil }
            cursor.advance()
        }
        var value = 0
        var count = 0
        while cursor.byte &- 48 < 10, count < 4 {
            value = value * 10 + Int(cursor.byte &- 48)
            count += 1
            cursor.advance()
        }
        // The digits that would be printed, and no others.
        let expected = value < 10 && isJava ? 1 : value < 100 ? 2 : 3
        guard count == expected, value <= 120, value > 0 || !isNegative else { return nil }
        guard !isJava || (decimals > 0 && value > 0) else { return nil }
        return (Int8(truncatingIfNeeded: isNegative ? -value : value), isJava ? .java : .scientific)
    }
}
