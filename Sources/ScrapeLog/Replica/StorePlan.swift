import NIOCore

/// Which bytes of an arriving range go into which file: a file never holds more than one segment.
struct StorePlan: Sendable {
    /// Bytes to append to the file that begins at `file`, which may be new.
    struct Piece: Sendable {
        var file: UInt64
        var to: UInt64
        var bytes: ByteBuffer
    }

    /// Start of the file in which the range begins.
    var first: UInt64
    /// The range, as far as it is good; `to` is before `from` when a record begun earlier turned out bad.
    var from: UInt64
    var to: UInt64
    /// Offsets of the segment headers behind `first`; the first of them may lie before `from`, inside `staged`.
    var cuts: [UInt64]
    /// The incomplete header that arrived before the range.
    var staged: ByteBuffer
    /// The range's bytes, from `from` on.
    var bytes: ByteBuffer

    var pieces: [Piece] {
        var pieces: [Piece] = []
        var start = from
        var file = first
        for end in cuts + [to] {
            if end > start { append(from: start, to: end, file: file, &pieces) }
            start = end
            file = end
        }
        return pieces
    }

    private func append(from start: UInt64, to end: UInt64, file: UInt64, _ pieces: inout [Piece]) {
        var content = ByteBuffer()
        if start < from {
            let count = Int(clamping: from - start)
            if let part = staged.getSlice(at: staged.writerIndex - count, length: count) {
                content.writeImmutableBuffer(part)
            }
        }
        let begin = max(start, from)
        if let part = bytes.getSlice(
            at: bytes.readerIndex + Int(clamping: begin - from), length: Int(clamping: end - begin))
        {
            if content.readableBytes == 0 { content = part } else { content.writeImmutableBuffer(part) }
        }
        pieces.append(Piece(file: file, to: end, bytes: content))
    }
}
