import NIOCore
import ScrapeLog
import Synchronization

// What who reads the history needs of a replica. Each call holds its lock for a moment: nothing is decoded, and no
// payload read, under it.
extension AgentReplica {
    /// The segments that end behind a place, in order, and what of the rest may still come; all segments when the epoch is
    /// nil or not known.
    func segments(behind epoch: UInt64?, _ offset: UInt64) -> ReplicaSegments {
        state.withLock { state in
            ReplicaSegments(state.log, state.expected, behind: epoch, offset, now: ReplicaLog.wallClock())
        }
    }

    /// The bytes of a segment, and its target table from the `done`th change on; nil when it is gone.
    ///
    /// The changes are nil when the positions in it have been forgotten: then it has to be read.
    func table(
        of segment: HeldSegment, from done: Int
    ) throws -> (bytes: SegmentBytes, changes: [TargetChange]?)? {
        try state.withLock { state in
            guard let bytes = try state.log.bytes(of: segment) else { return nil }
            return (bytes, state.log.index(of: segment).map { Array($0.changes.dropFirst(done)) })
        }
    }

    /// Where the scrapes of some references are; nil when that is gone or has been forgotten.
    func positions(of references: [UInt32], in segment: HeldSegment) -> [[ScrapePosition]]? {
        state.withLock { state in
            guard let index = state.log.index(of: segment) else { return nil }
            return references.map { index[$0] }
        }
    }

    /// Where a segment's dictionary records are, from the `done`th on; nil when that is gone or has been forgotten.
    func lines(in segment: HeldSegment, from done: Int) -> [RecordPlace]? {
        state.withLock { $0.log.index(of: segment).map { Array($0.lines.dropFirst(done)) } }
    }
}
