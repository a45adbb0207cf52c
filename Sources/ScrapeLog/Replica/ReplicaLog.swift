/// The collector's copy of one agent's log, byte for byte.
///
/// Owns a directory with one sub-directory per epoch and one file per segment, or the same in memory. Ranges may arrive in
/// any order, cut anywhere, and twice. For every offset of an epoch that both sides hold, the bytes are equal.
///
/// Not for two threads at once: the caller takes turns. Waiting for the disk is left to `syncTask()`. The directory's lock
/// is the caller's too (`DirectoryLock` on the root of all replicas), because one collector has very many of these.
package final class ReplicaLog {
    /// More files than this are refused with `.full`: an agent cannot use up the collector's inodes.
    static let maximumFiles = 16384
    /// More epochs than this are refused with `.full`.
    static let maximumEpochs = 4096
    /// Epochs of which nothing is left but the knowledge that it is not wanted.
    static let maximumEmptyEpochs = 64
    /// More separate gaps of one epoch than this are forgotten.
    static let maximumSkipped = 4096

    /// At most so many files are made durable by one task, so that a start with many needs few descriptors.
    static let filesPerSync = 64

    /// Names one file.
    struct FileKey: Hashable {
        var epoch: UInt64
        var start: UInt64
    }

    let storage: LogStorage
    let clock: () -> Int64
    /// nil for a replica in memory.
    let root: LogDirectory?
    /// By arrival.
    var epochs: [ReplicaEpoch]
    var open: DescriptorCache<FileKey>
    /// The newest bytes in files: a tunnel's compression prefixes, which are short as a rule. There is one per agent.
    var recent = RecentBytes(limit: 16 << 10)
    /// Files written since the last sync task.
    var unsynced: Set<FileKey> = []
    /// Files of which a sync failed, and that have not been written again since.
    var unwritten: Set<FileKey> = []
    var unsyncedDirectories: Set<UInt64> = []
    var isRootUnsynced = false
    var counters = ReplicaLogStatistics()
    /// Positions remembered of all files together, and of some that are gone.
    var indexed = 0
    /// Positions remembered of all segments together, 64 MiB of them. Beyond it those of the oldest segments are
    /// forgotten; they can be found again by reading the segment.
    var maximumIndexed = 4 << 20
    /// Places in the order of epochs that are kept for some of which nothing has arrived.
    var reserved: [UInt64: UInt64] = [:]
    /// Epochs that the agent began since it said which it has: their own count, and their places.
    var begun: [(sequence: UInt64, place: UInt64)]?

    /// Opens or creates a replica, reads what is there and cuts what is no good record.
    ///
    /// `clock` gives milliseconds since the Unix epoch; it only dates arrivals, for `expire`.
    package init(
        storage: LogStorage, clock: @escaping () -> Int64 = ReplicaLog.wallClock
    ) throws(ScrapeLogError) {
        self.storage = storage
        self.clock = clock
        self.open = DescriptorCache(limit: 2)
        switch storage {
        case .memory:
            root = nil
            epochs = []
        case .directory(let path):
            let root = try LogDirectory(creating: path)
            let opening = try ReplicaOpening(root)
            epochs = opening.epochs
            counters.repairedBytes = opening.repairedBytes
            counters.setAsideSegments = opening.setAside
            self.root = root
            isRootUnsynced = true
            for epoch in epochs {
                unsyncedDirectories.insert(epoch.epoch)
                for file in epoch.files { unsynced.insert(FileKey(epoch: epoch.epoch, start: file.start)) }
            }
        }
    }

    /// What needs not be sent (again), by arrival of the epoch, then by offset: held, announced as a gap, or expired.
    ///
    /// The end of a range may lie inside a record; see `boundary(before:epoch:)`.
    package var ranges: [LogRange] { epochs.flatMap { $0.settled.ranges } }

    /// The part of `ranges` that survives a power loss: what may be acknowledged. Ends at record boundaries.
    package var durableRanges: [LogRange] { epochs.flatMap { root == nil ? $0.settled.ranges : $0.durable.ranges } }

    /// What can be read, by arrival of the epoch, then by offset.
    package var heldRanges: [LogRange] {
        epochs.flatMap { epoch in
            LogRangeSet(epoch.files.map { LogRange(epoch: epoch.epoch, from: $0.readable, to: $0.end) }).ranges
        }
    }

    /// The epoch that arrived last, of those of which something is kept.
    package var newestEpoch: UInt64? { epochs.last { !$0.files.isEmpty }?.epoch }

    /// Bytes kept.
    package var byteCount: UInt64 {
        epochs.reduce(0) { $0 + $1.files.reduce(0) { $0 + $1.byteCount } }
    }

    /// Figures of this moment.
    package var statistics: ReplicaLogStatistics {
        var statistics = counters
        statistics.bytesHeld = byteCount
        statistics.segments = epochs.reduce(0) { $0 + $1.files.count }
        statistics.epochs = epochs.count
        for epoch in epochs {
            for file in epoch.files { statistics.indexBytes += file.index?.cost ?? 0 }
        }
        return statistics
    }

    /// The start of the record that the byte before `offset` belongs to, or `offset` itself when a record ends there.
    ///
    /// For resuming a `RecordAssembler` at the end of a range: begin it here, and feed it what is between.
    package func boundary(before offset: UInt64, epoch: UInt64) -> UInt64 {
        guard let epoch = epochs.first(where: { $0.epoch == epoch }), let index = epoch.index(endingAt: offset) else {
            return offset
        }
        return epoch.files[index].tail.boundary
    }

    func directory(of epoch: ReplicaEpoch) throws(ScrapeLogError) -> LogDirectory? {
        try root?.subdirectory(epoch.name)
    }

    func descriptor(of epoch: ReplicaEpoch, start: UInt64) throws(ScrapeLogError) -> Descriptor? {
        guard let root else { return nil }
        return try open.file(FileKey(epoch: epoch.epoch, start: start)) { (_) throws(ScrapeLogError) in
            try root.subdirectory(epoch.name).open(ReplicaNames.file(start: start))
        }
    }
}
