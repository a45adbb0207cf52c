/// What the fields of a head say about where its body ends and whether the connection goes on.
///
/// Owns the judgement of lengths and codings: of two that differ in meaning none is believed.
struct ResponseFraming {
    var isVersion10 = false
    /// Whether a Content-Type, and a Content-Encoding, was read: the first of each counts.
    var hasType = false
    var hasEncoding = false
    private(set) var length: Int?
    private(set) var isChunked = false
    private var isClosed = false
    private var isKept = false

    /// Whether the connection goes on after the body's end.
    var keepsConnection: Bool { !isClosed && (isKept || !isVersion10) }

    /// False when it is no length, or a second one.
    mutating func readLength(_ field: FieldLine) -> Bool {
        guard length == nil, let number = field.number else { return false }
        length = number
        return true
    }

    /// False when the body is coded in a way nobody here can undo.
    mutating func readCoding(_ field: FieldLine) -> Bool {
        if field.valueIs("identity") { return true }
        guard !isChunked, field.valueIs("chunked") else { return false }
        isChunked = true
        return true
    }

    mutating func readConnection(_ field: FieldLine) {
        if field.valueContains("close") { isClosed = true }
        if field.valueContains("keep-alive") { isKept = true }
    }
}
