/// One segment of a replica, as much of it as is here and whole.
package struct HeldSegment: Sendable, Hashable {
    package let epoch: UInt64
    /// Where the epoch stands among the others: a number that grows.
    package let order: UInt64
    /// Offset of its first byte in the epoch.
    package let start: UInt64
    /// Behind its last whole record.
    package let end: UInt64
    /// Whether the beginning is still here, without which nothing of it can be decoded.
    package let hasBeginning: Bool
    /// Bytes kept of it.
    package let byteCount: UInt64
    /// When it last grew, milliseconds since the Unix epoch, collector's clock.
    package let arrived: Int64

    init(_ file: ReplicaFile, of epoch: ReplicaEpoch) {
        self.epoch = epoch.epoch
        order = epoch.arrival
        start = file.start
        end = file.tail.boundary
        byteCount = file.byteCount
        hasBeginning = file.readable == file.start
        arrived = file.arrived
    }

    package var range: LogRange { LogRange(epoch: epoch, from: start, to: end) }
}
