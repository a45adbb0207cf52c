package import NIOCore

/// The agent's log: every target announced and every scrape result, appended in order, kept until all collectors have it.
///
/// This room owns the durable form of everything Culvert carries: the record format, the agent's log and the collector's
/// replica of it (`ReplicaLog`), on disk or in memory. The stream of an epoch is a contiguous run of records from offset 0;
/// a segment is a part of it that can be decoded alone. The room knows positions, times and target references, never what
/// is in a payload. It asks nobody for the time.
///
/// An object of this class is confined to one event loop. All I/O it does itself is of page-cache size; waiting for
/// the disk is left to `syncTask()`.
package final class ScrapeLog {
    /// How a log is kept. Sizes in bytes.
    package struct Configuration: Sendable, Hashable {
        package var storage: LogStorage
        /// The budget for everything held in files; the oldest segment goes first.
        package var maximumBytes: UInt64
        /// A segment ends at this size, or at an eighth of the budget where that is less.
        package var segmentBytes: UInt64
        /// A segment ends after this many scrapes of one target.
        package var scrapesPerSegmentPerTarget: Int
        /// The ring that a log with a failing disk goes on in.
        package var fallbackBytes: Int

        package init(
            storage: LogStorage, maximumBytes: UInt64 = 1 << 30, segmentBytes: UInt64 = 64 << 20,
            scrapesPerSegmentPerTarget: Int = 256, fallbackBytes: Int = 64 << 20
        ) {
            self.storage = storage
            self.maximumBytes = maximumBytes
            self.segmentBytes = segmentBytes
            self.scrapesPerSegmentPerTarget = scrapesPerSegmentPerTarget
            self.fallbackBytes = fallbackBytes
        }
    }

    /// Where a target stands in the segment that is being written.
    struct TargetChain {
        var previous: UInt64
        var keyframe: UInt64?
        var scrapes = 0
    }

    /// Flushed without being asked when this much waits.
    static let flushThreshold = 1 << 20
    /// How many sync tasks, of which there is one a second, see cursors that only moved before they are saved.
    static let passesPerCursors = 5

    let configuration: Configuration
    /// nil for a log in memory.
    let directory: LogDirectory?
    var lock: DirectoryLock?

    /// Oldest first; the last one is being written while `isSegmentOpen`.
    var segments: [Segment]
    var isSegmentOpen = false
    var isClosed = false
    var epochSequence: UInt64
    /// Appended, not flushed.
    var pending = ByteBuffer()
    var pendingScrapes: UInt32 = 0
    var pendingFirstTime: Int64?
    /// Whether there is anything but deltas among them.
    var pendingIntroduces = false
    /// End of the current segment's header and table.
    var preambleEnd: UInt64 = 0
    /// Bytes of the current segment that the next one will repeat: table, dictionary, every target's first keyframe.
    var introduced: UInt64 = 0
    var chains: [UInt32: TargetChain] = [:]
    var files: DescriptorCache<SegmentName>
    /// The newest bytes in files.
    var recent = RecentBytes(limit: 128 << 10)
    /// The beginnings of the segment that is being written and of the one before it.
    var head: SegmentHead?
    var previousHead: SegmentHead?
    /// Written since the last sync task.
    var unsynced: [Descriptor] = []
    /// Files that a predecessor wrote and may not have made durable.
    var found: [String] = []
    var isDirectoryUnsynced = false
    var cursors: Cursors
    var areCursorsStale = false
    /// More has changed than how far somebody has come.
    var areCursorsUrgent = false
    /// Sync tasks made since the cursors were saved.
    var passesSinceCursors = 0
    package internal(set) var configuredCollectors: [String]?
    var recovery = RecoveryPace()
    /// What opening found lost, for collectors that are configured later.
    var losses: [LogGap]
    var counters = ScrapeLogStatistics()

    /// Which life of the log is being written.
    package internal(set) var epoch: UInt64
    /// End of what was flushed in the current epoch: the offset that a reader has not seen yet.
    package internal(set) var end: UInt64
    /// The format version that the next segment is written in: that of the last one that was found, until told otherwise.
    package internal(set) var version: UInt16
    /// How the log is doing.
    package internal(set) var state: ScrapeLogState = .normal

    /// Asked at each segment's start for every target there is. Must not append. Set it before the first append.
    package var table: () -> [(target: UInt32, payload: ByteBuffer)] = { [] }
    /// Told that the scrapes appended last, so many of them, are to be appended again. Must not append at once.
    package var onScrapesLost: ((Int) -> Void)?
    /// Told once per change of `state`: material for one log line.
    package var onStateChange: ((ScrapeLogState) -> Void)?

    /// Opens or creates a log: takes the lock, reads what is there and mends it, and decides on the epoch.
    ///
    /// Throws `.locked` when another process has the directory, `.io` or `.full` when it cannot be created, read or
    /// written, `.invalid` for sizes that make no sense.
    package init(_ configuration: Configuration, nowMilliseconds: Int64) throws(ScrapeLogError) {
        self.configuration = configuration
        self.lastTime = nowMilliseconds
        var opening: AgentOpening?
        switch configuration.storage {
        case .memory(let maximumBytes):
            guard maximumBytes >= 4096 else {
                throw ScrapeLogError(
                    code: .invalid, message: "a log of \(maximumBytes) bytes in memory; expected at least 4096")
            }
            directory = nil
        case .directory(let path):
            guard configuration.maximumBytes >= 4096 else {
                throw ScrapeLogError(
                    code: .invalid, message: "a log of \(configuration.maximumBytes) bytes; expected at least 4096",
                    culprit: path)
            }
            let directory = try LogDirectory(creating: path)
            let lock = try DirectoryLock(directory)
            self.lock = lock
            var found = try AgentOpening(directory, lock)
            do throws(ScrapeLogError) {
                // Durably before anything is appended: a marker that a power loss brings back would let the next start go
                // on where this one began, with other bytes than a collector has been sent.
                try directory.remove(CleanMarker.name)
                try directory.descriptor.synchronize(dataOnly: false)
            } catch {
                found.clean = nil
            }
            opening = found
            self.directory = directory
        }
        segments = opening?.segments ?? []
        version = segments.last?.version ?? SegmentHeader.currentVersion
        cursors = opening?.cursors ?? Cursors()
        losses = opening?.losses ?? []
        counters.repairedBytes = opening?.repairedBytes ?? 0
        counters.repairedSegments = opening?.repairedSegments ?? 0
        counters.setAsideSegments = opening?.setAside ?? 0
        files = DescriptorCache(limit: 8)
        if let clean = opening?.clean {
            epoch = clean.epoch
            epochSequence = clean.epochSequence
            end = clean.end
        } else {
            epoch = UInt64.random(in: 1...UInt64.max)
            epochSequence = (opening?.lastSequence ?? 0) &+ 1
            end = 0
        }
        isDirectoryUnsynced = true
        guard let opening else { return }
        if opening.clean == nil { found = segments.map(\.name.text) }
        for name in cursors.collectors.keys {
            // Offsets come from the names of files, and may be anything.
            let news = (opening.losses + opening.beginnings).reduce(UInt64(0)) { sum, gap in
                let (more, isOver) = sum.addingReportingOverflow(cursors.note(gap, for: name))
                return isOver ? .max : more
            }
            counters.missingBytes = max(counters.missingBytes, news)
        }
        // Without cursors nobody knows whether a collector is new, or was never told why a log begins where it does.
        if opening.areCursorsLost { losses += opening.beginnings }
        if counters.missingBytes > 0 {
            areCursorsStale = true
            saveCursors(durably: true)
        }
    }

    /// The latest time seen, milliseconds since the Unix epoch, by the agent's clock.
    var lastTime: Int64
    /// When the current segment began, likewise.
    var segmentBegan: Int64 = 0

    /// What can be read, oldest epoch first; the last one is always of the current epoch, empty when nothing is held of it.
    package var ranges: [LogRange] { ranges(upToVersion: .max) }

    /// Those of the ranges that somebody can read who knows no format version beyond this one.
    package func ranges(upToVersion limit: UInt16) -> [LogRange] {
        var ranges: [LogRange] = []
        for segment in segments where segment.length > 0 && segment.version <= limit {
            if let last = ranges.last, last.epoch == segment.epoch, last.to == segment.start {
                ranges[ranges.count - 1].to = segment.end
            } else {
                ranges.append(segment.range)
            }
        }
        if ranges.last?.epoch != epoch || ranges.last?.to != end {
            ranges.append(LogRange(epoch: epoch, from: end, to: end))
        }
        return ranges
    }

    /// Flushes, waits for the disk, marks the directory as left in good order, and gives up the lock.
    ///
    /// Without it the next start begins a new epoch; nothing that was flushed is lost.
    package func close() {
        guard !isClosed else { return }
        flush()
        // The last chance for what is only in memory.
        if let directory, state != .normal {
            let isSound = (try? directory.probe(bytes: 1 << 12)) != nil
            recover(nowMilliseconds: lastTime, isProven: isSound)
        }
        isSegmentOpen = false
        bringToDisk(maximumBytes: .max)
        isClosed = true
        defer { lock = nil }
        for segment in segments where segment.memory != nil {
            counters.lostScrapes += UInt64(wantedScrapes(of: segment) { _, _, _ in } ?? 0)
        }
        guard let directory else { return }
        saveCursors(durably: true)
        guard state == .normal else { return }
        do throws(ScrapeLogError) {
            let rest = SyncTask(files: [], directories: [], pieces: [], found: found.map { (directory, $0) })
            try rest.run()
            // The newest file also when a sync task has it: nobody will hear how that went.
            for file in unsynced { try file.synchronize(dataOnly: true) }
            if let last = segments.last, last.memory == nil {
                let file = try files.file(last.name) { (name) throws(ScrapeLogError) in try directory.open(name.text) }
                try file.synchronize(dataOnly: true)
            }
            try directory.descriptor.synchronize(dataOnly: false)
            guard let changed = lock?.changed else { return }
            let marker = CleanMarker(
                epoch: epoch, epochSequence: epochSequence, end: end, lockChanged: changed, boot: directory.calls.boot)
            try directory.replace(CleanMarker.name, with: marker.text, durably: true)
        } catch {
            // No marker: the next start begins a new epoch, which is the honest answer.
            counters.storageFailures += 1
        }
        unsynced = []
    }
}
