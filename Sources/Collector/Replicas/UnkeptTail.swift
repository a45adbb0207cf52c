import NIOCore
import ScrapeLog

/// The last bytes of an epoch that arrived while the disk took none: the agent compresses what follows with them as
/// prefix. Owns at most a prefix' length of them.
struct UnkeptTail {
    let epoch: UInt64
    private var end: UInt64
    private var bytes = ByteBuffer()

    /// The longest prefix an agent uses.
    private static let length = 64 * 1024

    /// Begins with what is kept just before `range`.
    init(before range: LogRange, in log: ReplicaLog) {
        epoch = range.epoch
        end = range.from
        let before = LogRange(
            epoch: range.epoch, from: range.from - min(range.from, UInt64(Self.length)), to: range.from)
        bytes = (try? log.readAll(before)) ?? ByteBuffer()
    }

    mutating func append(_ range: LogRange, _ new: ByteBuffer) {
        if range.from != end { bytes.clear() }
        bytes.writeImmutableBuffer(new)
        end = range.to
        if bytes.readableBytes > Self.length {
            bytes.moveReaderIndex(forwardBy: bytes.readableBytes - Self.length)
            bytes.discardReadBytes()
        }
    }

    /// The bytes of `range`, when all of them are here.
    func read(_ range: LogRange) -> ByteBuffer? {
        let start = end - UInt64(bytes.readableBytes)
        guard range.epoch == epoch, range.from >= start, range.to <= end else { return nil }
        return bytes.getSlice(at: bytes.readerIndex + Int(range.from - start), length: Int(range.count))
    }
}
