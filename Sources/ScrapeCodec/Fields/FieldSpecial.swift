/// The first byte of a special: a number style (then scale and value follow), a text (then length and bytes), or one of
/// the three numbers that have no digits.
enum FieldSpecial {
    static let text: UInt8 = 16
    static let firstSymbol: UInt8 = 32

    /// The form of a number without digits, written as Go does.
    static func symbol(_ text: UnsafeBufferPointer<UInt8>) -> UInt8? {
        if unsafe text.elementsEqual(notANumber) { return FieldState.Form.notANumber }
        if unsafe text.elementsEqual(positive) { return FieldState.Form.positiveInfinity }
        return unsafe text.elementsEqual(negative) ? FieldState.Form.negativeInfinity : nil
    }

    /// The text of such a form.
    static func text(_ form: UInt8) -> StaticString? {
        switch form {
        case FieldState.Form.notANumber: "NaN"
        case FieldState.Form.positiveInfinity: "+Inf"
        case FieldState.Form.negativeInfinity: "-Inf"
        default: nil
        }
    }

    private static let notANumber = Array("NaN".utf8)
    private static let positive = Array("+Inf".utf8)
    private static let negative = Array("-Inf".utf8)
}
