import NIOCore

/// Follows the record boundaries of a stream, and checks every checksum, without keeping the bytes.
///
/// Owns at most one incomplete header and the payload of a segment header, so it costs the same for a record of 32 bytes
/// and one of 32 MiB; a replica keeps one per file.
struct RecordValidator: Sendable {
    /// What `advance` came across.
    enum Step: Sendable {
        /// A record's header is complete; `offset` is the record's first byte.
        case began(RecordHeader, offset: UInt64)
        /// The record's last byte was seen and its checksum is right.
        case ended(RecordHeader)
    }

    let epoch: UInt64
    /// End of the last good record: offset of the first byte of the record being read.
    private(set) var boundary: UInt64
    /// The first bytes of a record whose header is not complete.
    private(set) var partialHeader = ByteBuffer()
    private var current: RecordHeader?
    private var remaining = 0
    private var crc = CRC32C()
    private var segmentPayload = ByteBuffer()
    private var expectsSegmentHeader: Bool

    /// Expects a record's first byte at `offset`, and a segment's first record when `startsSegment`.
    init(epoch: UInt64, offset: UInt64, startsSegment: Bool) {
        self.epoch = epoch
        self.boundary = offset
        self.expectsSegmentHeader = startsSegment
    }

    /// Whether the last byte seen was a record's last.
    var isAtBoundary: Bool { current == nil && partialHeader.readableBytes == 0 }

    /// Consumes bytes up to the next step; nil when the input is used up. After an error only `boundary` has a meaning.
    mutating func advance(_ input: inout ByteBuffer) throws(ScrapeLogError) -> Step? {
        do throws(ScrapeLogError) {
            guard let header = current else { return try readHeader(&input) }
            guard consume(&input) else { return nil }
            guard crc.value == header.checksum else {
                throw ScrapeLogError(code: .corrupt, message: "a record whose checksum is wrong")
            }
            if header.kind == .segmentHeader { try SegmentHeader.check(segmentPayload, epoch: epoch) }
            segmentPayload.clear()
            current = nil
            boundary &+= UInt64(header.length)
            return .ended(header)
        } catch {
            var located = error
            located.culprit = ScrapeLogError.position(epoch: epoch, offset: boundary)
            throw located
        }
    }

    private mutating func readHeader(_ input: inout ByteBuffer) throws(ScrapeLogError) -> Step? {
        let parsed: RecordHeader?
        if partialHeader.readableBytes == 0, input.readableBytes >= RecordHeader.size {
            parsed = try RecordHeader.parse(input, at: input.readerIndex)
            crc = CRC32C()
            if let covered = input.getSlice(at: input.readerIndex + 8, length: RecordHeader.size - 8) {
                crc.update(covered)
            }
            input.moveReaderIndex(forwardBy: RecordHeader.size)
        } else {
            let wanted = min(RecordHeader.size - partialHeader.readableBytes, input.readableBytes)
            guard let part = input.readSlice(length: wanted) else { return nil }
            partialHeader.writeImmutableBuffer(part)
            guard partialHeader.readableBytes == RecordHeader.size else { return nil }
            parsed = try RecordHeader.parse(partialHeader, at: partialHeader.readerIndex)
            crc = CRC32C()
            if let covered = partialHeader.getSlice(at: partialHeader.readerIndex + 8, length: RecordHeader.size - 8) {
                crc.update(covered)
            }
            partialHeader.clear()
        }
        guard let header = parsed else { return nil }
        if expectsSegmentHeader, header.kind != .segmentHeader {
            throw ScrapeLogError(
                code: .corrupt, message: "a record of kind \(header.kind) where a segment must begin with its header")
        }
        if header.kind == .segmentHeader, header.payloadLength > SegmentHeader.maximumLength {
            throw ScrapeLogError(
                code: .corrupt,
                message: "a segment header of \(header.length) bytes; expected at most \(SegmentHeader.maximumLength)")
        }
        expectsSegmentHeader = false
        current = header
        remaining = header.payloadLength
        return .began(header, offset: boundary)
    }

    /// Feeds the payload's bytes to the checksum; true when the payload is complete.
    private mutating func consume(_ input: inout ByteBuffer) -> Bool {
        guard let part = input.readSlice(length: min(remaining, input.readableBytes)) else { return false }
        crc.update(part)
        if current?.kind == .segmentHeader { segmentPayload.writeImmutableBuffer(part) }
        remaining -= part.readableBytes
        return remaining == 0
    }
}
