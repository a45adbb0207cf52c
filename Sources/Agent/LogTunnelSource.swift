import Logging
import NIOCore
import ScrapeLog
import Tunnel

/// The agent's log as its tunnels see it. Confined to the agent's event loop.
final class LogTunnelSource: TunnelSource {
    private let log: ScrapeLog
    private let logger: Logger
    private let nowMilliseconds: () -> Int64
    /// Told when the epoch changed under the tunnel's feet: the log has a new table to begin with.
    private let onNewEpoch: () -> Void
    /// Told of the gaps that a collector has confirmed.
    private let onGaps: ([Frame.Gap], _ collector: String) -> Void
    private var times = LogTimes()
    /// The newest format version that a collector has shown to read.
    private var newestRead: [String: UInt16] = [:]
    /// The end of the log when it was last looked at.
    private var end: (epoch: UInt64, offset: UInt64)
    /// Where a segment of the current epoch begins: the newest that is known here.
    private var segmentStart: LiveStart?
    /// What the disk does not give out, from its first unreadable byte to its segment's end, and since when.
    private var failing: [LogRange: NIODeadline] = [:]
    /// How long a place that cannot be read is tried before it is given up.
    static let patience = TimeAmount.minutes(10)

    /// Data older than this make what follows go first, milliseconds.
    static let liveAge: Int64 = 5_000
    /// Less than this goes at once anyway, in one frame: then order costs nothing, and what is newest is there at once.
    var smallBacklog = UInt64(Protocol.maximumAppend)

    init(
        log: ScrapeLog, logger: Logger, nowMilliseconds: @escaping () -> Int64, onNewEpoch: @escaping () -> Void,
        onGaps: @escaping ([Frame.Gap], _ collector: String) -> Void = { _, _ in }
    ) {
        self.log = log
        self.logger = logger
        self.nowMilliseconds = nowMilliseconds
        self.onNewEpoch = onNewEpoch
        self.onGaps = onGaps
        end = (log.epoch, log.end)
        // Whatever was there before, what comes begins a segment.
        segmentStart = LiveStart(epoch: log.epoch, offset: log.end)
        noteSegments()
    }

    /// The times of what was there before: each segment's first record tells.
    private func noteSegments() {
        for range in log.ranges {
            var rest = range
            while rest.count > 0, let segmentEnd = log.segmentEnd(of: rest), segmentEnd > rest.from {
                var bytes = ByteBuffer()
                let count = (try? log.read(rest, maximum: RecordHeader.size, into: &bytes)) ?? 0
                if count > 0, let header = try? RecordHeader.parse(bytes, at: bytes.readerIndex) {
                    times.note(epoch: rest.epoch, offset: rest.from, time: header.time)
                }
                rest.from = segmentEnd
            }
        }
    }

    /// Something may have been flushed.
    func grew() {
        guard end != (log.epoch, log.end) else { return }
        let isNew = end.epoch != log.epoch
        times.note(epoch: log.epoch, offset: isNew ? 0 : end.offset, time: nowMilliseconds())
        if isNew { segmentStart = LiveStart(epoch: log.epoch, offset: 0) }
        end = (log.epoch, log.end)
    }

    // MARK: Live data first

    func liveStart(for address: String, lacking ranges: [LogRange]) -> LiveStart? {
        grew()
        guard ranges.reduce(0, { $0 + $1.count }) > smallBacklog, isOld(ranges) else { return nil }
        // The segment that another collector, or a connection that was short, made us begin will do.
        if let start = segmentStart, start.epoch == log.epoch, !isOld(Self.part(of: ranges, from: start)) {
            return start
        }
        log.sealSegment()
        let start = LiveStart(epoch: log.epoch, offset: log.end)
        segmentStart = start
        logger.info(
            "live data go first, what was not sent meanwhile follows",
            metadata: ["collector": "\(address)", "backlog_bytes": "\(ranges.reduce(0) { $0 + $1.count })"])
        return start
    }

    private static func part(of ranges: [LogRange], from start: LiveStart) -> [LogRange] {
        ranges.filter { $0.epoch == start.epoch }.map { range in
            LogRange(epoch: range.epoch, from: max(range.from, start.offset), to: range.to)
        }
    }

    private func isOld(_ ranges: [LogRange]) -> Bool {
        guard let earliest = times.earliest(of: ranges) else { return ranges.contains { $0.count > 0 } }
        return nowMilliseconds() - earliest > Self.liveAge
    }

    var held: [LogRange] { log.ranges }

    // MARK: Format versions

    func held(for address: String) -> [LogRange] { log.ranges(upToVersion: newestRead[address] ?? .max) }

    var logVersion: UInt16 { log.version }

    func reads(_ address: String, versions: [UInt16]) {
        newestRead[address] = versions.filter(SegmentHeader.readableVersions.contains).max() ?? log.version
        settleVersion()
    }

    func refusesVersion(_ address: String) -> Bool {
        newestRead[address] = SegmentHeader.previousVersion
        return settleVersion()
    }

    /// Writes what all collectors read: an older version as soon as one needs it, a newer one when all have told.
    ///
    /// - Returns: whether that is another version than before.
    @discardableResult
    private func settleVersion() -> Bool {
        let collectors = log.configuredCollectors ?? []
        let known = collectors.compactMap { newestRead[$0] }
        guard let common = known.min(), common != log.version,
            common < log.version || known.count == collectors.count
        else { return false }
        let isNewEpoch = log.write(version: common, nowMilliseconds: nowMilliseconds())
        logger.info(
            isNewEpoch ? "a collector reads no newer log format" : "all collectors read a newer log format",
            metadata: ["version": "\(common)"])
        if isNewEpoch { onNewEpoch() }
        return true
    }

    func read(_ range: LogRange, maximum: Int, into buffer: inout ByteBuffer) throws -> Int {
        try log.read(range, maximum: maximum, into: &buffer)
    }

    func counterpart(of range: LogRange) -> LogRange? { log.counterpart(of: range) }

    func acknowledged(by address: String, _ ranges: [LogRange]) {
        log.acknowledged(by: address, ranges)
    }

    func confirmed(_ gaps: [Frame.Gap], by address: String) { onGaps(gaps, address) }

    /// What Welcome says is held need not be durable yet, so it only corrects what we believed too much of: a collector
    /// that lost its disk.
    func welcomed(by address: String, holding ranges: [LogRange]) {
        log.retainAcknowledged(by: address, holding: ranges)
    }

    func takeGaps(for address: String) -> [Frame.Gap] {
        log.takeGaps(for: address).map { Frame.Gap(range: $0.range, scrapes: UInt64($0.scrapes), reason: $0.reason) }
    }

    func returnGaps(_ gaps: [Frame.Gap], for address: String) {
        log.returnGaps(
            gaps.map { LogGap(range: $0.range, scrapes: UInt32(clamping: $0.scrapes), reason: $0.reason) }, for: address
        )
    }

    func unreadable(_ range: LogRange, _ error: any Error, now: NIODeadline) -> UnreadableRange {
        guard let rest = restOfSegment(range) else { return .gone }
        if let error = error as? ScrapeLogError, error.isOfStorage {
            if failing[rest] == nil {
                logger.warning(
                    "part of the log cannot be read now; what is behind it goes first",
                    metadata: ["error": "\(error)", "bytes": "\(rest.count)"])
            }
            let since = failing[rest, default: now]
            failing[rest] = since
            // A disk that fails everywhere, or a process without descriptors, is no reason to give anything up.
            guard error.code == .io, log.state == .normal, now - since >= Self.patience else { return .postponed(rest) }
        }
        failing[rest] = nil
        return .abandoned(
            give(up: rest, scrapes: log.walk(rest).scrapes, reason: "unreadable in the agent's log"))
    }

    func abandonDamaged(_ range: LogRange) -> Frame.Gap? {
        guard let rest = restOfSegment(range) else { return nil }
        let walk = log.walk(rest)
        // The collector's word alone is no reason to throw data away.
        guard !walk.isSound else { return nil }
        return give(up: rest, scrapes: walk.scrapes, reason: "damaged in the agent's log")
    }

    /// From the start of `range` to where its segment ends.
    private func restOfSegment(_ range: LogRange) -> LogRange? {
        log.segmentEnd(of: range).map { LogRange(epoch: range.epoch, from: range.from, to: $0) }
    }

    private func give(up range: LogRange, scrapes: UInt64, reason: String) -> Frame.Gap {
        logger.error(
            "part of the log cannot be sent and is given up",
            metadata: ["reason": "\(reason)", "bytes": "\(range.count)", "scrapes": "\(scrapes) or more"])
        return Frame.Gap(range: range, scrapes: scrapes, reason: reason)
    }

    func beginEpoch() {
        log.beginEpoch(nowMilliseconds: nowMilliseconds())
        onNewEpoch()
    }

    /// What the log holds and the collector has not acknowledged: how many bytes, and when the oldest was logged, in
    /// milliseconds since the Unix epoch.
    func unacknowledged(by address: String) -> (bytes: UInt64, oldest: Int64?) {
        let missing = log.unacknowledged(by: address)
        return (missing.reduce(0) { $0 + $1.count }, missing.isEmpty ? nil : times.earliest(of: missing))
    }

    /// Forgets the times of what the log does not hold any more.
    func tidy() {
        let held = log.ranges
        times.retain(held)
        failing = failing.filter { place, _ in
            held.contains { $0.epoch == place.epoch && $0.from <= place.from && place.from < $0.to }
        }
    }
}
