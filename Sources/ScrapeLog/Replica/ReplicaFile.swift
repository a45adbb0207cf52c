/// One segment of the replica, or as much of it as has arrived: a file, or the same in memory.
struct ReplicaFile: Sendable {
    /// Offset of the first byte, a segment header's, in the epoch.
    let start: UInt64
    var length: UInt64 = 0
    /// How many of the bytes, up to a record boundary, are known to be on the disk.
    var durable: UInt64 = 0
    /// When the file last grew, milliseconds since the Unix epoch, collector's clock.
    var arrived: Int64
    /// Follows the records, so that the next bytes can be checked.
    var tail: RecordValidator
    /// Where its records are; nil when that has been forgotten.
    var index: SegmentIndex? = SegmentIndex()
    /// The time of its newest scrape, when `index` has been forgotten since the file was opened; nil when not known.
    var forgottenLastTime: Int64?
    /// The bytes, when they are not in a file.
    var memory: MemoryBytes?

    /// The time of its newest scrape; nil when nobody knows it without reading the file.
    var lastTime: Int64? { index.map { $0.lastTime ?? .min } ?? forgottenLastTime }

    var end: UInt64 { start &+ length }
    /// Offset of the first byte that can be read; more than `start` when a memory ring overflowed.
    var readable: UInt64 { start &+ UInt64(memory?.first ?? 0) }
    /// Bytes kept.
    var byteCount: UInt64 { end &- readable }
}
