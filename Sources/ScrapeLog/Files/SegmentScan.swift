import NIOCore

/// What reading a segment file from its first to its last byte showed.
struct SegmentScan: Sendable {
    /// Bytes of the file, and how many of them are good records.
    var fileLength: UInt64
    var goodLength: UInt64
    /// Of the format; nil when not even that can be read.
    var version: UInt16?
    var scrapes: UInt32 = 0
    /// Times of the oldest and newest scrape, milliseconds since the Unix epoch.
    var firstTime: Int64?
    var lastTime: Int64?
    /// When the file was last written, milliseconds since the Unix epoch.
    var modified: Int64
    /// Why reading stopped before the end; nil when every byte is good, or only the last record is incomplete.
    var problem: ScrapeLogError?

    /// Reads a file that should hold the segment that begins at `start` of `epoch`.
    ///
    /// Throws only when nothing of the file can be read; what is wrong inside it is in `problem`: `.unsupported` when it is
    /// another version's or nobody knows what it is, `.foreign` when it is another log's, `.io` when reading broke off.
    ///
    /// - Parameter onRecord: told of every good record, with its offset.
    init(
        _ file: Descriptor, epoch: UInt64, start: UInt64,
        onRecord: (_ header: RecordHeader, _ offset: UInt64) -> Void = { _, _ in }
    ) throws(ScrapeLogError) {
        let status = try file.status()
        fileLength = status.length
        modified = status.modified
        goodLength = 0
        var validator = RecordValidator(epoch: epoch, offset: start, startsSegment: true)
        var position: UInt64 = 0
        var buffer = ByteBufferAllocator().buffer(capacity: 256 << 10)
        reading: while position < fileLength {
            buffer.clear()
            let count: Int
            do throws(ScrapeLogError) {
                count = try file.read(at: position, maximum: 256 << 10, into: &buffer)
            } catch {
                guard position > 0 else { throw error }
                // A sector that cannot be read: what is before it can be.
                problem = error
                break reading
            }
            if count == 0 { break }
            if position == 0, let alien = SegmentHeader.alien(inFirstBytes: buffer) {
                problem = alien
                break reading
            }
            if position == 0 { version = SegmentHeader.version(inFirstBytes: buffer) }
            position += UInt64(count)
            do throws(ScrapeLogError) {
                while let step = try validator.advance(&buffer) {
                    switch step {
                    case .began(let header, let offset):
                        if header.kind == .segmentHeader, offset != start {
                            throw ScrapeLogError.corrupt("a second segment in one file", epoch: epoch, offset: offset)
                        }
                    case .ended(let header):
                        onRecord(header, validator.boundary &- UInt64(header.length))
                        if header.kind.isScrape {
                            scrapes &+= 1
                            firstTime = min(firstTime ?? header.time, header.time)
                            lastTime = max(lastTime ?? header.time, header.time)
                        }
                    }
                }
            } catch {
                problem = error
                break reading
            }
        }
        goodLength = validator.boundary - start
    }
}
