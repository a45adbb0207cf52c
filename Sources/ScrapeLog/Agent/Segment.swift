/// One run of records of the agent's log that can be decoded alone.
struct Segment: Sendable {
    let epoch: UInt64
    let epochSequence: UInt64
    /// Offset of the first byte in the epoch.
    let start: UInt64
    /// Of the format it is written in.
    let version: UInt16
    /// Bytes that can be read: flushed, whole records.
    var length: UInt64 = 0
    var scrapes: UInt32 = 0
    var firstTime: Int64?
    /// The bytes, when they are not in a file.
    var memory: MemoryBytes?

    var end: UInt64 { start &+ length }
    var range: LogRange { LogRange(epoch: epoch, from: start, to: end) }
    var name: SegmentName { SegmentName(epochSequence: epochSequence, epoch: epoch, start: start) }
}
