import NIOCore

/// Bytes of one segment kept in memory, in chunks of 64 KiB, so that growing never copies and little is wasted.
struct MemoryBytes: Sendable {
    private static let chunkSize = 64 << 10
    private var chunks: [ByteBuffer] = []
    /// Where the bytes end; grows without regard to what was discarded.
    private(set) var count = 0
    /// Where the bytes begin: a multiple of the chunk size.
    private(set) var first = 0

    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            let used = count % Self.chunkSize
            if used == 0 { chunks.append(ByteBufferAllocator().buffer(capacity: Self.chunkSize)) }
            let room = min(Self.chunkSize - used, bytes.readableBytes)
            guard let part = bytes.readSlice(length: room) else { return }
            chunks[chunks.count - 1].writeImmutableBuffer(part)
            count += room
        }
    }

    /// Appends up to `maximum` bytes from `offset` on to `buffer`.
    func read(at offset: Int, maximum: Int, into buffer: inout ByteBuffer) -> Int {
        guard offset >= first else { return 0 }
        var position = offset
        let end = min(count, offset.addingReportingOverflow(max(maximum, 0)).partialValue)
        while position < end {
            let inside = position % Self.chunkSize
            let length = min(Self.chunkSize - inside, end - position)
            let chunk = chunks[(position - first) / Self.chunkSize]
            guard let part = chunk.getSlice(at: chunk.readerIndex + inside, length: length) else { break }
            buffer.writeImmutableBuffer(part)
            position += length
        }
        return max(0, position - offset)
    }

    /// Writes everything from the first byte on, none of which may have been discarded.
    func write(to file: Descriptor) throws(ScrapeLogError) {
        var offset: UInt64 = 0
        for chunk in chunks {
            try file.write(chunk, at: offset)
            offset += UInt64(chunk.readableBytes)
        }
    }

    /// Keeps the first `length` bytes.
    mutating func truncate(to length: Int) {
        guard length < count else { return }
        count = max(first, length)
        let needed = (count - first + Self.chunkSize - 1) / Self.chunkSize
        chunks.removeLast(chunks.count - needed)
        let used = count - first - (needed - 1) * Self.chunkSize
        if needed > 0 { chunks[needed - 1].moveWriterIndex(to: used) }
    }

    /// Forgets whole chunks from the beginning until at most `maximum` bytes are left; returns how many went.
    mutating func discard(keeping maximum: Int) -> Int {
        let excess = count - first - max(0, maximum)
        let whole = min(chunks.count, max(0, (excess + Self.chunkSize - 1) / Self.chunkSize))
        let gone = min(whole * Self.chunkSize, count - first)
        // The last chunk stays, so that appending finds its place.
        guard excess > 0, whole < chunks.count else { return 0 }
        chunks.removeFirst(whole)
        first += gone
        return gone
    }
}
