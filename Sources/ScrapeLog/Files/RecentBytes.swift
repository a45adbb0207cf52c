import NIOCore

/// The newest bytes of a log that is in files, kept in memory as well, so that who follows it live reads no file.
///
/// Owns at most twice `limit` bytes of one epoch. What is in here is in the file too, as long as its owner says so:
/// it tells of every append and of everything that is cut off or goes.
struct RecentBytes: Sendable {
    private let limit: Int
    private var epoch: UInt64 = 0
    /// Offset of the first byte kept.
    private var start: UInt64 = 0
    private var bytes = ByteBuffer()

    /// Keeps at least the newest `limit` bytes.
    init(limit: Int) { self.limit = max(1, limit) }

    private var end: UInt64 { start &+ UInt64(bytes.readableBytes) }

    /// These bytes are in the log now, from `offset` of `epoch` on.
    mutating func append(_ new: ByteBuffer, epoch: UInt64, at offset: UInt64) {
        if epoch != self.epoch || offset != end {
            clear()
            self.epoch = epoch
            start = offset
        }
        let count = new.readableBytes
        guard count < limit else {
            bytes.clear()
            start = offset &+ UInt64(count - limit)
            if let part = new.getSlice(at: new.writerIndex - limit, length: limit) { bytes.writeImmutableBuffer(part) }
            return
        }
        if bytes.readableBytes + count > 2 * limit {
            let excess = bytes.readableBytes + count - limit
            bytes.moveReaderIndex(forwardBy: excess)
            start &+= UInt64(excess)
            bytes.discardReadBytes()
        }
        bytes.writeImmutableBuffer(new)
    }

    /// Forgets everything.
    mutating func clear() {
        bytes.clear()
        start = 0
        epoch = 0
    }

    /// Appends up to `maximum` bytes from `offset` of `epoch` on to `buffer`; 0 when the first of them is not kept.
    func read(epoch: UInt64, at offset: UInt64, maximum: Int, into buffer: inout ByteBuffer) -> Int {
        guard epoch == self.epoch, offset >= start, offset < end else { return 0 }
        let count = min(maximum, Int(clamping: end - offset))
        return unsafe bytes.withUnsafeReadableBytes { kept in
            let from = Int(clamping: offset - start)
            return unsafe buffer.writeBytes(UnsafeRawBufferPointer(rebasing: kept[from..<from + count]))
        }
    }
}
