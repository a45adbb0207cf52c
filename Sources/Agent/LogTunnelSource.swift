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
    /// What each collector holds durably, of what the log holds.
    private(set) var acknowledged: [String: LogRangeSet] = [:]

    init(log: ScrapeLog, logger: Logger, nowMilliseconds: @escaping () -> Int64, onNewEpoch: @escaping () -> Void) {
        self.log = log
        self.logger = logger
        self.nowMilliseconds = nowMilliseconds
        self.onNewEpoch = onNewEpoch
    }

    var held: [LogRange] { log.ranges }

    var logVersion: UInt16 { SegmentHeader.currentVersion }

    func read(_ range: LogRange, maximum: Int, into buffer: inout ByteBuffer) throws -> Int {
        try log.read(range, maximum: maximum, into: &buffer)
    }

    func counterpart(of range: LogRange) -> LogRange? { log.counterpart(of: range) }

    func acknowledged(by address: String, _ ranges: [LogRange]) {
        log.acknowledged(by: address, ranges)
        acknowledged[address] = LogRangeSet(ranges)
    }

    /// What Welcome says is held need not be durable yet, so it only corrects what we believed too much of: a collector
    /// that lost its disk.
    func welcomed(by address: String, holding ranges: [LogRange]) {
        let held = LogRangeSet(ranges)
        guard var known = acknowledged[address] else { return }
        for range in known.ranges {
            for lost in held.missing(from: range) { known.remove(lost) }
        }
        acknowledged[address] = known
        log.replaceAcknowledged(by: address, known.ranges)
    }

    func takeGaps(for address: String) -> [Frame.Gap] {
        log.takeGaps(for: address).map { Frame.Gap(range: $0.range, scrapes: UInt64($0.scrapes), reason: $0.reason) }
    }

    func returnGaps(_ gaps: [Frame.Gap], for address: String) {
        log.returnGaps(
            gaps.map { LogGap(range: $0.range, scrapes: UInt32(clamping: $0.scrapes), reason: $0.reason) }, for: address
        )
    }

    func abandonUnreadable(_ range: LogRange) -> Frame.Gap? {
        guard let rest = restOfSegment(range) else { return nil }
        return give(up: rest, scrapes: log.walk(rest).scrapes, reason: "unreadable in the agent's log")
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

    /// Bytes held that the collector has not acknowledged.
    func unacknowledged(by address: String) -> UInt64 {
        let held = acknowledged[address] ?? LogRangeSet()
        return log.ranges.reduce(0) { sum, range in
            held.missing(from: range).reduce(sum) { $0 + $1.count }
        }
    }
}
