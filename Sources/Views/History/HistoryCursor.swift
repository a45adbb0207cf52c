/// How far a reader has come with one target: the end of the last scrape's record it was given.
package struct HistoryCursor: Sendable, Hashable {
    /// The life of the agent's log, and the offset in it.
    package var epoch: UInt64
    package var offset: UInt64
    /// The time of that scrape, agent's clock, milliseconds since the Unix epoch. Nothing at or before it is given again.
    package var time: Int64
    /// The decoder's state behind that scrape: saves decoding from the keyframe on. Disposable, never kept on disk, no part
    /// of equality.
    package var checkpoint: (any HistoryCheckpoint)?

    package init(epoch: UInt64, offset: UInt64, time: Int64, checkpoint: (any HistoryCheckpoint)? = nil) {
        self.epoch = epoch
        self.offset = offset
        self.time = time
        self.checkpoint = checkpoint
    }

    package static func == (one: HistoryCursor, other: HistoryCursor) -> Bool {
        (one.epoch, one.offset, one.time) == (other.epoch, other.offset, other.time)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(epoch)
        hasher.combine(offset)
        hasher.combine(time)
    }
}
