/// A name or a value in a line: where it is, without its quotes. Owns no text: that is made of it when it is wanted.
struct SeriesToken {
    var range: Range<Int>
    var isQuoted = false
    /// Whether there is a backslash in it.
    var isEscaped = false

    /// Whether it is UTF-8, overlong forms and surrogates being none.
    func isUTF8(_ body: Span<UInt8>) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound, body[index] < 0x80 { index += 1 }
        return index == range.upperBound || Self.text(body, range) != nil
    }

    /// What it says; `\\`, `\"` and `\n` are escapes, all others stand for themselves. Nil when it is not UTF-8.
    func text(_ body: Span<UInt8>) -> String? {
        guard isEscaped else { return Self.text(body, range) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if body[index] == UInt8(ascii: "\\"), index + 1 < range.upperBound {
                let next = body[index + 1]
                if next == UInt8(ascii: "n") || next == UInt8(ascii: "\\") || next == UInt8(ascii: "\"") {
                    bytes.append(next == UInt8(ascii: "n") ? 0x0A : next)
                    index += 2
                    continue
                }
            }
            bytes.append(body[index])
            index += 1
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func text(_ body: Span<UInt8>, _ range: Range<Int>) -> String? {
        unsafe body.extracting(range).withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
    }
}
