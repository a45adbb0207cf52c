import NIOCore
import PrometheusInstrumentation
import ScrapeLog
import Synchronization
import Tunnel
import Views

// What the replica store does with every replica from time to time.
extension AgentReplica {
    /// What a thread that may block has to do to make the replica durable; nil when it is.
    func syncTask() -> SyncTask? { state.withLock { $0.log.syncTask() } }

    /// `task` has run: its ranges are durable and are acknowledged.
    func synced(_ task: SyncTask) {
        let (connection, ranges) = state.withLock { state in
            state.log.synced(task)
            return (state.connection, state.log.durableRanges)
        }
        connection?.durable(ranges)
    }

    /// `task` failed: nothing of it is acknowledged, and it is tried again.
    func syncFailed(_ task: SyncTask) { state.withLock { $0.log.syncFailed(task) } }

    /// Memory storage has nothing to sync: what is held is acknowledged.
    func acknowledgeHeld() {
        let (connection, ranges) = state.withLock { ($0.connection, $0.log.durableRanges) }
        connection?.durable(ranges)
    }

    /// Tries whether a disk that failed takes bytes again; if so the agent is asked to begin again from what is kept.
    /// Blocks.
    func recover() {
        guard let probe = state.withLock({ $0.unkept == nil ? nil : $0.log.diskProbe() }), probe() else { return }
        disconnect(.restart, message: "the collector's disk works again; send again what it could not keep")
    }

    /// Deletes what a rule lets go. Blocks.
    ///
    /// - Returns: for each target the scrapes that are gone, as cursors behind them, of the segments that some reader may
    ///   still have wanted.
    @discardableResult
    func expire(_ rule: RetentionRule) -> [TargetID: [HistoryCursor]] {
        if let history {
            // Whose scrapes they are can be found out as long as they are here.
            let unread = state.withLock { $0.log.doomed(by: rule).filter(\.isWanted).map(\.segment) }
            for segment in unread { _ = history.table(of: segment, in: self) }
        }
        let expired = state.withLock { $0.log.expire(rule) }
        metrics.expiredBytes.increment(by: Int(clamping: expired.bytes))
        let unread = history?.scrapes(in: expired.removed.filter(\.isUnread)) ?? [:]
        history?.forget(expired.removed.map(\.segment))
        metrics.expiredUnread[agent.name].increment(by: unread.values.reduce(0) { $0 + $1.count })
        return unread
    }

    /// Bytes that the positions of records and what was found out for readers cost in memory.
    var indexBytes: Int {
        state.withLock { $0.log.statistics.indexBytes } + (history?.cost ?? 0)
    }

    var byteCount: UInt64 { state.withLock { $0.log.byteCount } }

    var failures: Int { state.withLock { $0.applier.failures } }

    func saveNotes() {
        let lastSeen = agent.current.lastSeen
        state.withLock { state in
            state.notes.lastSeen = lastSeen
            state.notes.expected = state.expected.lines
            // A disk that fails is told of where it costs something.
            try? state.log.writeNotes(state.notes.text)
        }
    }

    /// What opening the replica had to repair, for a log line; nil when nothing.
    var repairs: String? {
        let statistics = state.withLock { $0.log.statistics }
        guard statistics.repairedBytes > 0 || statistics.setAsideSegments > 0 || statistics.damagedSegments > 0 else {
            return nil
        }
        return
            "\(statistics.repairedBytes) bytes cut, \(statistics.damagedSegments) segments damaged, \(statistics.setAsideSegments) set aside"
    }

    func disconnect(_ code: GoAwayCode, message: String) {
        state.withLock { $0.connection }?.goAway(code, reconnect: .seconds(1), message: message)
    }
}
