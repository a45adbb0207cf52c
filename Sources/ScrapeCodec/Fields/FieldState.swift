/// One number (or other token) of a target's newest body, and what its past tells of its future. Sixteen bytes; both
/// sides keep the same.
struct FieldState: Sendable {
    /// What the field's text is.
    enum Form {
        // The forms of a decimal token, with its raw values, and beyond:
        /// A text in the layout's strings, at the index that `mantissa` holds.
        static let text: UInt8 = 3
        static let notANumber: UInt8 = 4
        static let positiveInfinity: UInt8 = 5
        static let negativeInfinity: UInt8 = 6
        /// Nothing yet: there is no past.
        static let fresh: UInt8 = 7
    }

    var mantissa: Int64 = 0
    /// Form and exponent together, as they are compared.
    private var code = UInt16(Form.fresh) &<< 8
    /// Raw value of a `NumberStyle`.
    var style: UInt8 = 0
    /// The power of ten that differences count; the finest that was needed so far.
    var scale: Int8 = 0
    /// Whether the last three scrapes changed it, newest lowest; then whether the last two changes were those of the
    /// neighbour.
    var history: UInt8 = 0
    /// Bits of its last own difference.
    var magnitude: UInt8 = 0
    /// Whether that was negative.
    var isFalling = false

    @inline(__always)
    var form: UInt8 { UInt8(truncatingIfNeeded: code &>> 8) }

    @inline(__always)
    var isFresh: Bool { form == Form.fresh }

    /// The decimal token; nil when it is something else.
    @inline(__always)
    var token: DecimalToken? {
        guard let form = DecimalToken.Form(rawValue: form) else { return nil }
        return DecimalToken(
            mantissa: mantissa, exponent: Int8(truncatingIfNeeded: Int16(bitPattern: code &<< 8) &>> 8), form: form)
    }

    /// False for a fresh field, whatever the token.
    @inline(__always)
    func holds(_ token: DecimalToken) -> Bool { mantissa == token.mantissa && code == Self.code(token) }

    @inline(__always)
    mutating func hold(_ token: DecimalToken) {
        mantissa = token.mantissa
        code = Self.code(token)
    }

    /// Lets the field hold something that is no decimal token.
    mutating func hold(form: UInt8, index: Int = 0) {
        mantissa = Int64(index)
        code = UInt16(form) &<< 8
    }

    @inline(__always)
    private static func code(_ token: DecimalToken) -> UInt16 {
        UInt16(token.form.rawValue) &<< 8 | UInt16(UInt8(bitPattern: token.exponent))
    }

    /// The last three, newest lowest.
    @inline(__always)
    var changes: Int { Int(history & 7) }

    @inline(__always)
    mutating func noteUnchanged() { history = history & 0x18 | (history &<< 1) & 7 }

    @inline(__always)
    var neighbourHits: Int { Int(history &>> 3 & 3) }

    @inline(__always)
    mutating func noteChanged() { history = history & 0x18 | (history &<< 1) & 7 | 1 }

    @inline(__always)
    mutating func note(neighbourHit: Bool) {
        history = history & 7 | (((history &>> 3) &<< 1 | (neighbourHit ? 1 : 0)) & 3) &<< 3
    }

    /// The token's value in units of 10^`scale`; nil when it is no number or too large.
    @inline(__always)
    static func value(_ token: DecimalToken, scale: Int8) -> Int64? {
        if token.form == .plain, token.exponent == scale { return token.mantissa }
        if token.mantissa == 0 { return 0 }
        let shift = token.scale - Int(scale)
        guard shift >= 0, shift <= 18 else { return nil }
        let (value, overflow) = token.mantissa.multipliedReportingOverflow(
            by: Int64(bitPattern: PowersOfTen.power(shift)))
        return overflow ? nil : value
    }
}
