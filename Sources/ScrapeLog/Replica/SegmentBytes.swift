import NIOCore

/// The bytes of one segment of a replica, to be read without the replica: on another thread, while it goes on.
///
/// Owns the open file, which can be read even when the replica has deleted it meanwhile, or the bytes in memory.
package struct SegmentBytes: Sendable {
    enum Source: Sendable {
        case file(Descriptor)
        case memory(MemoryBytes)
    }

    package let epoch: UInt64
    /// Offset of the segment's first byte in the epoch.
    package let start: UInt64
    let source: Source
    /// Read beyond what was asked for, because it is asked for next as a rule.
    private var window = ByteBuffer()
    private var windowStart: UInt64 = 0

    init(epoch: UInt64, start: UInt64, source: Source) {
        self.epoch = epoch
        self.start = start
        self.source = source
    }

    /// A record whose place and length are known; checked again.
    ///
    /// - Parameter ahead: how many bytes are read at once, for records that are near each other.
    package mutating func record(
        at place: UInt32, length: Int, ahead: Int = 0
    ) throws(ScrapeLogError) -> LogRecord {
        let bytes = try bytes(at: UInt64(place), count: length, ahead: ahead)
        var assembler = RecordAssembler(epoch: epoch, offset: start &+ UInt64(place))
        assembler.append(bytes)
        guard let record = try assembler.next(), Int(record.header.length) == length else {
            throw .corrupt("a record of another length than before", epoch: epoch, offset: start &+ UInt64(place))
        }
        return record
    }

    /// What the segment says of itself; nil when that cannot be read.
    package func header() -> SegmentHeader? {
        var bytes = ByteBuffer()
        let most = RecordHeader.size + SegmentHeader.maximumLength
        guard (try? read(at: 0, maximum: most, into: &bytes)) != nil else { return nil }
        var assembler = RecordAssembler(epoch: epoch, offset: start)
        assembler.append(bytes)
        guard let record = try? assembler.next(), record.header.kind == .segmentHeader else { return nil }
        return try? SegmentHeader(decoding: record.payload)
    }

    /// What is where in the segment, read anew; ends at the first record that is not good.
    ///
    /// - Parameter end: offset in the epoch behind the last record that counts.
    /// - Throws: when the file cannot be read now, which says nothing about what is in it.
    package func index(to end: UInt64) throws(ScrapeLogError) -> SegmentIndex {
        var index = SegmentIndex()
        var validator = RecordValidator(epoch: epoch, offset: start, startsSegment: true)
        var position: UInt64 = 0
        let length = end > start ? end - start : 0
        while position < length {
            var buffer = ByteBuffer()
            let wanted = Int(clamping: min(length - position, 256 << 10))
            let count = try read(at: position, maximum: wanted, into: &buffer)
            guard count > 0 else { break }
            position += UInt64(count)
            do throws(ScrapeLogError) {
                while let step = try validator.advance(&buffer) {
                    guard case .ended(let header) = step else { continue }
                    index.add(header, at: validator.boundary &- UInt64(header.length) &- start)
                }
            } catch {
                break
            }
        }
        return index
    }

    private mutating func bytes(
        at place: UInt64, count: Int, ahead: Int
    ) throws(ScrapeLogError) -> ByteBuffer {
        if place >= windowStart, place - windowStart <= UInt64(window.readableBytes) {
            let from = window.readerIndex + Int(place - windowStart)
            if let bytes = window.getSlice(at: from, length: count) { return bytes }
        }
        var bytes = ByteBuffer()
        let wanted = max(count, ahead)
        while bytes.readableBytes < count {
            let next = place + UInt64(bytes.readableBytes)
            guard try read(at: next, maximum: wanted - bytes.readableBytes, into: &bytes) > 0 else {
                throw ScrapeLogError(
                    code: .notHeld, message: "bytes that were held are not any more",
                    culprit: ScrapeLogError.position(epoch: epoch, offset: start &+ place))
            }
        }
        if ahead > count {
            window = bytes
            windowStart = place
        }
        return bytes.getSlice(at: bytes.readerIndex, length: count) ?? bytes
    }

    private func read(at place: UInt64, maximum: Int, into buffer: inout ByteBuffer) throws(ScrapeLogError) -> Int {
        switch source {
        case .file(let file): try file.read(at: place, maximum: maximum, into: &buffer)
        case .memory(let memory): memory.read(at: Int(clamping: place), maximum: maximum, into: &buffer)
        }
    }
}
