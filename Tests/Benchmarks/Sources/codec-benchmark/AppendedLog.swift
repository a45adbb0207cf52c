import NIOCore
import ScrapeCodec
import ScrapeLog

/// The log of an agent, as far as the tunnel sees it: records with their headers, in ranges that are compressed with
/// what stands before them as prefix.
struct AppendedLog {
    /// Bytes of records that become one range.
    private static let range = 4 << 10
    private static let maximumRange = 256 << 10
    private static let maximumPrefix = 64 << 10

    private var compressor = RangeCompressor()
    private var sent = ByteBuffer()
    private var end: UInt64 = 0
    private var chains: [UInt32: (previous: UInt64, keyframe: UInt64)] = [:]

    /// Appends the scrapes of targets 0, 1 and so on; returns the bytes of their records, and what those are as ranges.
    mutating func append(_ scrapes: [EncodedScrape], time: Int64) throws -> (logged: Int, sent: Int) {
        let start = end
        var compressed = 0
        var pending = ByteBuffer()
        for (target, scrape) in scrapes.enumerated() {
            if scrape.lines.readableBytes > 0 {
                write(RecordHeader(length: 0, kind: .line, target: 0, time: time), scrape.lines, &pending)
            }
            let target = UInt32(target + 1)
            let isKeyframe = scrape.kind == EncodedScrape.keyframe
            var header = RecordHeader(
                length: 0, kind: isKeyframe ? .keyframe : .delta, target: target,
                time: time + Int64(target) * 15_000 / Int64(scrapes.count + 1))
            if let chain = chains[target], !isKeyframe {
                header.previous = UInt32(clamping: end - chain.previous)
                header.keyframe = UInt32(clamping: end - chain.keyframe)
                chains[target] = (end, chain.keyframe)
            } else {
                chains[target] = (end, end)
            }
            write(header, scrape.payload, &pending)
            if pending.readableBytes >= Self.range { compressed += try send(&pending) }
        }
        compressed += try send(&pending)
        return (Int(end - start), compressed)
    }

    private mutating func write(_ header: RecordHeader, _ payload: ByteBuffer, _ pending: inout ByteBuffer) {
        let before = pending.readableBytes
        header.write(payload: payload, into: &pending)
        end += UInt64(pending.readableBytes - before)
    }

    private mutating func send(_ pending: inout ByteBuffer) throws -> Int {
        var count = 0
        while let range = pending.readSlice(length: min(pending.readableBytes, Self.maximumRange)),
            range.readableBytes > 0
        {
            let wanted = min(max(4 * range.readableBytes, Self.range), Self.maximumPrefix)
            let prefix = sent.getSlice(
                at: max(sent.readerIndex, sent.writerIndex - wanted), length: min(wanted, sent.readableBytes))
            count += try compressor.compress(range, prefix: prefix ?? ByteBuffer()).readableBytes
            sent.moveReaderIndex(forwardBy: max(0, sent.readableBytes - Self.maximumPrefix))
            sent.discardReadBytes()
            sent.writeImmutableBuffer(range)
        }
        pending.clear()
        return count
    }
}
