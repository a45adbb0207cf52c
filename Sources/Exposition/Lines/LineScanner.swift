import Glibc

/// Walks over the lines of a text or OpenMetrics body and tells what each is and where its parts lie.
///
/// Owns its place in the body and nothing else: the body is lent for each step, so nothing is copied and nothing is
/// allocated. Every byte of a body belongs to exactly one line, in order; any bytes are a body. The grammar is the
/// union of what readers take, so a line that is a `sample` here may still be refused by a stricter one. Two places
/// where readers stop early are not acted upon: a NUL at the start of a line of text, and what follows `# EOF`.
package struct LineScanner: Sendable {
    /// Where the next line begins, in bytes from the start of the body.
    package private(set) var offset: Int
    private let isOpenMetrics: Bool

    /// A scanner of a body of the given format; all but OpenMetrics is read as text.
    ///
    /// - Parameter offset: where the first line begins, in bytes from the start of the body.
    package init(format: ContentType, at offset: Int = 0) {
        self.isOpenMetrics = format == .openMetrics
        self.offset = max(0, offset)
    }

    /// The next line, or nil at the end of the body. Each call must be lent the same bytes.
    package mutating func next(in body: Span<UInt8>) -> ScannedLine? {
        guard offset < body.count else { return nil }
        let line = line(in: body, from: offset)
        offset = line.next
        return line
    }

    private func line(in body: Span<UInt8>, from start: Int) -> ScannedLine {
        var index = start
        LabelSyntax.skipBlanks(body, &index)
        if SampleSyntax.isLineEnd(body, index) {
            return rest(of: body, from: start, as: .blank)
        }
        if body[index] == UInt8(ascii: "#") {
            let comment = rest(of: body, from: start, as: .comment)
            guard isOpenMetrics, Self.isEnd(body, comment.content) else { return comment }
            return ScannedLine(kind: .end, content: comment.content, next: comment.next)
        }
        return SampleSyntax.line(body, lineStart: start, from: index, spansLines: !isOpenMetrics)
            ?? rest(of: body, from: start, as: .other)
    }

    /// The line from `start` to the next line feed.
    private func rest(of body: Span<UInt8>, from start: Int, as kind: ScannedLine.Kind) -> ScannedLine {
        let end = body.withUnsafeBufferPointer { bytes -> Int? in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8.lineFeed), bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
        guard let end else { return ScannedLine(kind: kind, content: start..<body.count, next: body.count) }
        return ScannedLine(kind: kind, content: start..<end, next: end + 1)
    }

    private static func isEnd(_ body: Span<UInt8>, _ content: Range<Int>) -> Bool {
        var end = content.upperBound
        if end > content.lowerBound, body[end - 1] == .carriageReturn { end -= 1 }
        let word: StaticString = "# EOF"
        guard end - content.lowerBound == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for offset in word.indices where body[content.lowerBound + offset] != word[offset] { return false }
            return true
        }
    }
}

extension LineScanner {
    /// How many samples a body holds, or nil where it has no lines to count (protobuf).
    package static func countSamples(in body: Span<UInt8>, format: ContentType) -> Int? {
        guard format.hasLines else { return nil }
        var scanner = LineScanner(format: format)
        var count = 0
        while let line = scanner.next(in: body) {
            if line.kind == .sample { count += 1 }
        }
        return count
    }

    /// How many samples a body holds, or nil where it has no lines to count (protobuf). The bytes are not copied.
    package static func countSamples(in body: UnsafeRawBufferPointer, format: ContentType) -> Int? {
        body.withMemoryRebound(to: UInt8.self) { countSamples(in: $0.span, format: format) }
    }
}
