import NIOCore

/// One header field as it came: `name: value`.
///
/// Owns its line, and where in it name and value stand; the value is without the white space around it.
struct FieldLine {
    private let line: ByteBuffer
    private let value: Range<Int>
    /// The name has this many bytes.
    let nameLength: Int

    /// Nil when it is none: no colon, an empty name, bytes that no name may have, a folded line.
    init?(_ line: ByteBuffer) {
        let bytes = line.readableBytesUInt8Span
        var colon = 0
        while colon < bytes.count, Self.isToken(bytes[colon]) { colon += 1 }
        guard colon > 0, colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return nil }
        var start = colon + 1
        var end = bytes.count
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
        self.line = line
        value = start..<end
        nameLength = colon
    }

    /// The value as text.
    var text: String { line.getString(at: line.readerIndex + value.lowerBound, length: value.count) ?? "" }

    /// Whether the name is this one, in whatever case; `name` is in lower case.
    func isNamed(_ name: StaticString) -> Bool { equals(0..<nameLength, name) }

    /// Whether the value is this word, in whatever case; `word` is in lower case.
    func valueIs(_ word: StaticString) -> Bool { equals(value, word) }

    /// Whether the value is this word, letter for letter.
    func valueIsExactly(_ word: StaticString) -> Bool { equals(value, word, caseMatters: true) }

    /// Whether this word, in lower case, is one of the value's comma-separated ones.
    func valueContains(_ word: StaticString) -> Bool {
        let bytes = line.readableBytesUInt8Span
        var start = value.lowerBound
        while start <= value.upperBound {
            var end = start
            while end < value.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            let next = end + 1
            while start < end, Self.isBlank(bytes[start]) { start += 1 }
            while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
            if equals(start..<end, word) { return true }
            start = next
        }
        return false
    }

    /// The value as a decimal number; nil when it is none or too large.
    var number: Int? {
        guard !value.isEmpty else { return nil }
        let bytes = line.readableBytesUInt8Span
        var number = 0
        for index in value {
            let byte = bytes[index]
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(byte - 0x30))
            if tooLarge || overflow { return nil }
            number = sum
        }
        return number
    }

    private func equals(_ range: Range<Int>, _ word: StaticString, caseMatters: Bool = false) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        let bytes = line.readableBytesUInt8Span
        let letters = unsafe UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        for index in 0..<range.count {
            let byte = bytes[range.lowerBound + index]
            let folded = !caseMatters && (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
            guard unsafe folded == letters[index] else { return false }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether RFC 9110 lets a byte stand in a name.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x5e...0x7a, 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x7c, 0x7e: true
        default: false
        }
    }
}
