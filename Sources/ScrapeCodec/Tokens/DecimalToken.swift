/// A number exactly as it is written: sixteen bytes that print the very token they were read from.
///
/// Only forms that can be printed back are taken; everything else is no decimal token and has to be kept as text.
struct DecimalToken: Sendable, Hashable {
    /// How the digits are laid out.
    enum Form: UInt8, Sendable {
        /// `-12.50`: all digits, `-exponent` of them behind the point; a whole number has no point.
        case plain = 0
        /// `1.5e+06`: one digit before the point, the exponent signed and of at least two digits, as Go and C write it.
        case scientific = 1
        /// `1.5E9`: one digit before the point and at least one behind, the exponent signed only when negative, as Java.
        case java = 2
    }

    /// All digits, the point left out, with the sign.
    var mantissa: Int64
    /// Plain: minus the number of digits behind the point. Else the exponent that is printed.
    var exponent: Int8
    var form: Form

    init(mantissa: Int64, exponent: Int8, form: Form) {
        self.mantissa = mantissa
        self.exponent = exponent
        self.form = form
    }

    /// The token `0`.
    static let zero = DecimalToken(mantissa: 0, exponent: 0, form: .plain)

    /// The most digits that are read.
    static var maximumDigits: Int { 18 }
    /// The longest text of a token: sign, 20 digits, padding zeros, point, exponent.
    static var maximumLength: Int { 160 }

    /// The power of ten that the mantissa counts.
    var scale: Int {
        form == .plain ? Int(exponent) : Int(exponent) - (PowersOfTen.digits(of: mantissa.magnitude) - 1)
    }
}
