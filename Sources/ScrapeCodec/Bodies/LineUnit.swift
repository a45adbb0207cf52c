import Exposition

/// The next piece of a body that is new to a layout: one sample, or neighbouring lines that are none.
struct LineUnit {
    var kind: LineReference.Kind
    /// Where the text without its fields is, in bytes from the body's start.
    var text: Range<Int>
    /// Whether the lines are comments or blank, or make no sense.
    var isGarbage = false

    /// Longer runs of lines without numbers are divided.
    private static let longestText = 16 << 10

    /// Reads the piece at `offset`, which is within the body.
    init(_ body: Span<UInt8>, at offset: Int, format: ContentType) {
        var scanner = LineScanner(format: format, at: offset)
        guard let first = scanner.next(in: body) else {
            self.init(kind: .text, text: offset..<offset)
            return
        }
        if first.kind == .sample {
            self.init(kind: Self.kind(of: first, in: body), text: offset..<first.value.lowerBound)
            return
        }
        self.init(kind: .text, text: offset..<first.next, isGarbage: !first.isMeta)
        while text.count < Self.longestText, let line = scanner.next(in: body), line.kind != .sample {
            text = offset..<line.next
            if !line.isMeta { isGarbage = true }
        }
    }

    private init(kind: LineReference.Kind, text: Range<Int>, isGarbage: Bool = false) {
        self.kind = kind
        self.text = text
        self.isGarbage = isGarbage
    }

    private static func kind(of line: ScannedLine, in body: Span<UInt8>) -> LineReference.Kind {
        guard line.isTerminated else { return .trailing }
        let behind = line.value.upperBound
        if body[behind] == 0x0A { return .value }
        let isPlain =
            line.timestamp.lowerBound == behind + 1 && body[behind] == 0x20
            && line.timestamp.upperBound + 1 == line.next
        return isPlain ? .stamped : .trailing
    }
}

extension ScannedLine {
    /// Whether a line without a sample is what such lines are for.
    fileprivate var isMeta: Bool { kind != .other }
}
