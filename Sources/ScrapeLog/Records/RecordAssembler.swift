package import NIOCore

/// Turns bytes of one epoch, cut anywhere, into whole records whose checksums are right.
///
/// Owns the bytes of the record that is not complete yet: at most 32 MiB plus the piece appended last, as long as
/// `next()` is called until it gives nil after every `append`.
package struct RecordAssembler: Sendable {
    package let epoch: UInt64
    /// Offset of the next record's first byte.
    package private(set) var offset: UInt64
    private var pending = ByteBuffer()
    private var failure: ScrapeLogError?

    /// Expects the first byte appended to be the one at `offset`, a record's first.
    package init(epoch: UInt64, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }

    /// Bytes that wait for the rest of their record.
    package var pendingBytes: Int { pending.readableBytes }

    package mutating func append(_ bytes: ByteBuffer) {
        guard failure == nil else { return }
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.discardReadBytes()
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole record, or nil when more bytes are needed.
    ///
    /// The first record that is no good makes this and every later call throw: nothing after it can be trusted.
    package mutating func next() throws(ScrapeLogError) -> LogRecord? {
        if let failure { throw failure }
        do throws(ScrapeLogError) {
            return try parse()
        } catch {
            var located = error
            located.culprit = ScrapeLogError.position(epoch: epoch, offset: offset)
            failure = located
            pending = ByteBuffer()
            throw located
        }
    }

    private mutating func parse() throws(ScrapeLogError) -> LogRecord? {
        let start = pending.readerIndex
        guard let header = try RecordHeader.parse(pending, at: start),
            let body = pending.getSlice(at: start + 8, length: Int(header.length) - 8)
        else { return nil }
        var crc = CRC32C()
        crc.update(body)
        guard crc.value == header.checksum else {
            throw ScrapeLogError(code: .corrupt, message: "a record whose checksum is wrong")
        }
        var payload = body
        payload.moveReaderIndex(forwardBy: RecordHeader.size - 8)
        if header.kind == .segmentHeader { try SegmentHeader.check(payload, epoch: epoch) }
        pending.moveReaderIndex(forwardBy: Int(header.length))
        defer { offset &+= UInt64(header.length) }
        return LogRecord(header: header, epoch: epoch, offset: offset, payload: payload)
    }
}
