/// A decimal token taken apart: its sign, its first 19 significant digits, and the power of ten behind them.
///
/// Owns the form of decimals as Go's ParseFloat has it: `12`, `+1.`, `-.5`, `1E-5`; digits on at least one side of the
/// point, nothing before or behind the number.
struct DecimalScan {
    private(set) var isNegative = false
    /// The first 19 digits from the first that is not zero on; fewer where there are fewer.
    private(set) var mantissa: UInt64 = 0
    /// The power of ten that the mantissa counts.
    private(set) var exponent = 0
    /// Whether any digit left out of the mantissa is not zero.
    private(set) var isCut = false
    /// Where the digits and the point lie in the token.
    private(set) var digits: Range<Int> = 0..<0

    /// As many digits always fit into 64 bits.
    static let mantissaDigits = 19
    /// Exponents are written with more digits than this counts for no purpose; it keeps all sums far from overflow.
    private static let exponentLimit = 1_000_000_000_000

    /// Takes a token apart, or is nil where it is no decimal.
    @inline(__always)
    init?(_ token: Span<UInt8>) {
        var index = 0
        if index < token.count, token[index] == UInt8(ascii: "-") || token[index] == UInt8(ascii: "+") {
            isNegative = token[index] == UInt8(ascii: "-")
            index += 1
        }
        let start = index
        // With more than 19 digits this wraps around, and is done again below.
        Self.takeDigits(token, &index, &mantissa)
        var count = index - start
        if index < token.count, token[index] == UInt8(ascii: ".") {
            index += 1
            let point = index
            Self.takeDigits(token, &index, &mantissa)
            exponent = point - index
            count += index - point
        }
        guard count > 0 else { return nil }
        digits = start..<index
        var written = 0
        if index < token.count {
            guard let number = Self.exponent(token, from: index) else { return nil }
            written = number
        }
        if count > Self.mantissaDigits { takeLeadingDigits(token) }
        exponent += written
    }

    @inline(__always)
    private static func takeDigits(_ token: Span<UInt8>, _ index: inout Int, _ mantissa: inout UInt64) {
        while index < token.count {
            let digit = token[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            index += 1
        }
    }

    /// Reads `e`, perhaps a sign, and digits up to the token's end.
    private static func exponent(_ token: Span<UInt8>, from start: Int) -> Int? {
        guard token[start].lowercased == UInt8(ascii: "e") else { return nil }
        var index = start + 1
        var isNegative = false
        if index < token.count, token[index] == UInt8(ascii: "-") || token[index] == UInt8(ascii: "+") {
            isNegative = token[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < token.count else { return nil }
        var number = 0
        while index < token.count {
            let digit = token[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            if number < exponentLimit { number = number * 10 + Int(digit) }
            index += 1
        }
        return isNegative ? -number : number
    }

    /// Takes the digits once more, one by one: leading zeros do not count, and after 19 only the place matters.
    private mutating func takeLeadingDigits(_ token: Span<UInt8>) {
        mantissa = 0
        exponent = 0
        var taken = 0
        var isFraction = false
        for index in digits {
            guard token[index] != UInt8(ascii: ".") else {
                isFraction = true
                continue
            }
            let digit = token[index] &- UInt8(ascii: "0")
            if taken < Self.mantissaDigits {
                if taken > 0 || digit > 0 {
                    mantissa = mantissa &* 10 &+ UInt64(digit)
                    taken += 1
                }
                if isFraction { exponent -= 1 }
            } else {
                if digit > 0 { isCut = true }
                if !isFraction { exponent += 1 }
            }
        }
    }
}
