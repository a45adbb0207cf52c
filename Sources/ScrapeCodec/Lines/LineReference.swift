/// A line of a body without its numbers: where its text is, and what follows the text. Sixteen bytes; valid as long as
/// the dictionary that gave it.
@safe
struct LineReference: @unchecked Sendable {
    /// What follows a line's text. Raw values are part of the record format.
    enum Kind: UInt32, CaseIterable {
        /// Nothing: comments, blank lines, garbage; several lines together.
        case text = 0
        /// A value and a line feed.
        case value = 1
        /// A value, a space, a time, a line feed.
        case stamped = 2
        /// A value, then whatever is there up to and including the line feed, or the end.
        case trailing = 3

        /// Fields of such a line.
        @inline(__always)
        var fields: Int { Int(min(rawValue, 2)) }
    }

    /// The text's first byte.
    let text: UnsafePointer<UInt8>
    private let lengthAndKind: UInt32
    /// Its number in its dictionary, doubled; odd in a target's own dictionary.
    let id: UInt32

    /// The longest text.
    static let maximumLength = 1 << 29

    init(text: UnsafePointer<UInt8>, length: Int, kind: Kind, id: UInt32) {
        unsafe self.text = text
        self.lengthAndKind = UInt32(truncatingIfNeeded: length) &<< 2 | kind.rawValue
        self.id = id
    }

    @inline(__always)
    var length: Int { Int(lengthAndKind &>> 2) }

    @inline(__always)
    var kind: Kind { unsafe unsafeBitCast(UInt8(truncatingIfNeeded: lengthAndKind & 3), to: Kind.self) }

    @inline(__always)
    var isPrivate: Bool { id & 1 == 1 }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: text, count: length) }
}
