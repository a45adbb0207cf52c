import ScrapeLog

/// Names one segment of an agent's log.
struct SegmentKey: Sendable, Hashable {
    var epoch: UInt64
    var start: UInt64

    init(_ segment: HeldSegment) {
        epoch = segment.epoch
        start = segment.start
    }
}
