import NIOCore

/// The first part of a segment, kept in memory when the segment has ended: where dictionary and keyframes are, which the
/// next segment repeats nearly word for word. A tunnel uses it as a compression prefix for those.
struct SegmentHead: Sendable {
    /// What is kept of a segment, bytes.
    static let limit = 512 << 10
    /// More separate parts than this are not remembered.
    private static let maximumParts = 256

    let epoch: UInt64
    /// Offset of the segment's first byte.
    let start: UInt64
    private(set) var bytes = ByteBuffer()
    /// Which parts have records in them that introduce something: all but deltas. By offset.
    private var introductions: [Range<UInt64>] = []

    init(epoch: UInt64, start: UInt64) {
        self.epoch = epoch
        self.start = start
    }

    var range: LogRange { LogRange(epoch: epoch, from: start, to: start &+ UInt64(bytes.readableBytes)) }

    /// The segment grew by these bytes, from `offset` on.
    mutating func append(_ new: ByteBuffer, at offset: UInt64, introduces: Bool) {
        guard offset == range.to, bytes.readableBytes < Self.limit else { return }
        let count = min(new.readableBytes, Self.limit - bytes.readableBytes)
        guard let part = new.getSlice(at: new.readerIndex, length: count) else { return }
        bytes.writeImmutableBuffer(part)
        guard introduces else { return }
        let end = offset &+ UInt64(count)
        if let last = introductions.last, last.upperBound == offset {
            introductions[introductions.count - 1] = last.lowerBound..<end
        } else if introductions.count < Self.maximumParts {
            introductions.append(offset..<end)
        }
    }

    /// Whether there is something in a range of the epoch that introduces anything.
    func introduces(in range: LogRange) -> Bool {
        guard range.epoch == epoch else { return false }
        // The newest is asked for as a rule.
        for part in introductions.reversed() where part.lowerBound < range.to {
            return part.upperBound > range.from
        }
        return false
    }

    /// The place in this, an earlier, segment that is as far from its start as a range is from the start of `segment`, with
    /// as much before and behind it as positions may have shifted. Four times as long as the range, 16 KiB at least;
    /// nil when this segment was shorter.
    func counterpart(of range: LogRange, in segment: SegmentHead) -> LogRange? {
        guard segment.epoch == epoch, range.epoch == epoch, range.from >= segment.start else { return nil }
        let from = start &+ min(range.from - segment.start, UInt64(Self.limit))
        let reach = max(16 << 10, 4 * range.count)
        let before = (reach - min(range.count, reach)) / 2
        var place = LogRange(epoch: epoch, from: max(start, from - min(from, before)), to: 0)
        place.to = min(place.from &+ reach, self.range.to)
        return place.count >= 64 ? place : nil
    }
}
