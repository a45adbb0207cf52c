/// The habit of a program that prints numbers: which of the tokens of one value it writes.
///
/// As long as a series keeps to one style, its value alone tells its text. Raw values are part of the record format.
enum NumberStyle: UInt8, Sendable, CaseIterable {
    /// Go's shortest `g`, as client_golang writes text: `5`, `0.25`, `1e+06`, `1.5e-05`.
    case go = 0
    /// The same with `.0` behind whole numbers, as OpenMetrics and client_python want: `5.0`, `1e+06`.
    case goPoint = 1
    /// No exponent and no zeros at the end, as C's and Rust's programs write: `5`, `0.25`, `1000000`.
    case decimal = 2
    /// Java's `Double.toString`: `5.0`, `0.25`, `1.0E7`.
    case java = 3
    /// A fixed number of decimals: `12.50`.
    case fixed = 4

    /// Whether a program of this style writes `token` for its value; `scale` is the number of decimals that `fixed` has,
    /// negative.
    func writes(_ token: DecimalToken, scale: Int8) -> Bool {
        switch self {
        case .go:
            // Whole numbers below a million are by far the most.
            if token.form == .plain, token.exponent == 0 { return token.mantissa.magnitude < 1_000_000 }
            return writesPoint(token)
        case .decimal:
            guard token.form == .plain else { return false }
            return token.exponent == 0 || !token.endsWithZero
        case .fixed: return token.form == .plain && token.exponent == scale
        case .goPoint, .java: return writesPoint(token)
        }
    }

    func writesPoint(_ token: DecimalToken) -> Bool {
        let digits = PowersOfTen.digits(of: token.mantissa.magnitude)
        switch (self, token.form) {
        case (.go, .plain):
            return !token.endsWithZero && Self.goRange.contains(digits - 1 + Int(token.exponent))
        case (.goPoint, .plain):
            guard token.exponent < 0, !token.endsWithZero || token.exponent == -1 else { return false }
            return token.mantissa == 0 || Self.goRange.contains(digits - 1 + Int(token.exponent))
        case (.go, .scientific), (.goPoint, .scientific):
            return (digits == 1 || !token.endsWithZero) && !Self.goRange.contains(Int(token.exponent))
        case (.java, .plain):
            guard token.exponent < 0, !token.endsWithZero || token.exponent == -1 else { return false }
            return token.mantissa == 0 || Self.javaRange.contains(digits - 1 + Int(token.exponent))
        case (.java, .java):
            return digits > 1 && (digits == 2 || !token.endsWithZero) && !Self.javaRange.contains(Int(token.exponent))
        default: return false
        }
    }

    /// Decimal exponents that are written without one.
    static let goRange = -4...5
    static let javaRange = -3...6

    /// The token of `value` × 10^`scale`; nil when it cannot be written, which no token that `writes` accepts leads to.
    func token(value: Int64, scale: Int8) -> DecimalToken? {
        if scale == 0 {
            switch self {
            case .go:
                if value.magnitude < 1_000_000 { return DecimalToken(mantissa: value, exponent: 0, form: .plain) }
            case .decimal, .fixed: return DecimalToken(mantissa: value, exponent: 0, form: .plain)
            case .goPoint, .java: break
            }
        }
        return pointToken(value: value, scale: scale)
    }

    func pointToken(value: Int64, scale: Int8) -> DecimalToken? {
        if self == .fixed { return scale <= 0 ? DecimalToken(mantissa: value, exponent: scale, form: .plain) : nil }
        let hasPoint = self == .goPoint || self == .java
        guard value != 0 else { return DecimalToken(mantissa: 0, exponent: hasPoint ? -1 : 0, form: .plain) }
        var mantissa = value
        var exponent = Int(scale)
        while mantissa % 10 == 0 {
            mantissa /= 10
            exponent += 1
        }
        let digits = PowersOfTen.digits(of: mantissa.magnitude)
        let leading = digits - 1 + exponent
        switch self {
        case .go where !Self.goRange.contains(leading), .goPoint where !Self.goRange.contains(leading):
            return Int8(exactly: leading).map { DecimalToken(mantissa: mantissa, exponent: $0, form: .scientific) }
        case .java where !Self.javaRange.contains(leading):
            if digits == 1 { mantissa *= 10 }
            return Int8(exactly: leading).map { DecimalToken(mantissa: mantissa, exponent: $0, form: .java) }
        default: break
        }
        let decimals = hasPoint ? 1 : 0
        while exponent > -decimals {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            mantissa = product
            exponent -= 1
        }
        return Int8(exactly: exponent).map { DecimalToken(mantissa: mantissa, exponent: $0, form: .plain) }
    }

    /// The first style that writes a token, `preferred` before all others.
    static func style(of token: DecimalToken, preferred: NumberStyle) -> NumberStyle? {
        if preferred != .fixed, preferred.writes(token, scale: 0) { return preferred }
        if let style = allCases.first(where: { $0.writes(token, scale: 0) }) { return style }
        return token.form == .plain ? .fixed : nil
    }
}

extension DecimalToken {
    /// Whether the last digit is a zero; true for zero itself.
    var endsWithZero: Bool { mantissa % 10 == 0 }
}
