/// The few tokens of a body that are no numbers. Owns their bytes; places are used again.
struct TextStore: Sendable {
    private var texts: [[UInt8]] = []
    private var free: [Int] = []
    /// Bytes of all texts together.
    private(set) var bytes = 0

    subscript(field: FieldState) -> [UInt8] {
        let index = Int(field.mantissa)
        return texts.indices.contains(index) ? texts[index] : []
    }

    /// Lets a field hold a text.
    mutating func set(_ field: inout FieldState, _ text: [UInt8]) {
        if field.form == FieldState.Form.text {
            let index = Int(field.mantissa)
            bytes += text.count - texts[index].count
            texts[index] = text
            return
        }
        bytes += text.count
        let index = free.popLast() ?? texts.count
        if index == texts.count { texts.append(text) } else { texts[index] = text }
        field.hold(form: FieldState.Form.text, index: index)
    }

    /// Takes a field's text away: it holds a zero then.
    mutating func release(_ field: inout FieldState) {
        guard field.form == FieldState.Form.text else { return }
        let index = Int(field.mantissa)
        bytes -= texts[index].count
        texts[index] = []
        free.append(index)
        field.hold(.zero)
    }

    /// Whether no field holds a text.
    var isEmpty: Bool { texts.count == free.count }

    /// What the texts cost in memory, bytes.
    var cost: Int { bytes + texts.count * 48 }
}
