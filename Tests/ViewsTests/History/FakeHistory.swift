import NIOCore
import ScrapeCodec
import Synchronization

@testable import Views

/// A history in memory, as far as the views can tell a real one.
final class FakeHistory: HistorySource {
    struct Checkpoint: HistoryCheckpoint {
        var cost: Int
    }

    private struct Kept {
        var scrape: HistoryScrape
        /// Nobody knows yet what will be there: nothing behind it may be given.
        var isMissing = false
    }

    private struct State {
        var kept: [TargetID: [Kept]] = [:]
        var epochs: [UInt64] = [7]
        var offset: UInt64 = 100
        var checkpointCost = 0
        var readsWithCheckpoint = 0
        var failure: HistoryFailure?
    }

    struct HistoryFailure: Error {}

    private let state = Mutex(State())

    func add(
        _ id: TargetID, at time: Int64, _ body: String, contentType: String = "text/plain; version=0.0.4",
        outcome: ScrapeOutcome = .success, isMissing: Bool = false
    ) {
        state.withLock { state in
            state.offset += 50
            let cursor = HistoryCursor(epoch: state.epochs.last ?? 0, offset: state.offset, time: time)
            let summary = ScrapeSummary(
                scheduled: time, timestamp: time, duration: 1_000, outcome: outcome, contentType: contentType,
                bodyBytes: body.utf8.count)
            let scrape = HistoryScrape(cursor: cursor, summary: summary, body: ByteBuffer(string: body))
            state.kept[id, default: []].append(Kept(scrape: scrape, isMissing: isMissing))
        }
    }

    /// The agent's log begins anew.
    func beginEpoch(_ epoch: UInt64) {
        state.withLock { state in
            state.epochs.append(epoch)
            state.offset = 0
        }
    }

    /// What was missing has come.
    func fill(_ id: TargetID) {
        state.withLock { state in
            guard let kept = state.kept[id] else { return }
            state.kept[id] = kept.map { Kept(scrape: $0.scrape) }
        }
    }

    /// The oldest scrapes are deleted.
    func expire(_ id: TargetID, keeping count: Int) {
        state.withLock { state in state.kept[id] = state.kept[id]?.suffix(count) }
    }

    func keepCheckpoints(of cost: Int) { state.withLock { $0.checkpointCost = cost } }

    var readsWithCheckpoint: Int { state.withLock { $0.readsWithCheckpoint } }

    func fail(_ fails: Bool) { state.withLock { $0.failure = fails ? HistoryFailure() : nil } }

    // MARK: HistorySource

    func read(
        _ target: TargetID, after cursor: HistoryCursor?, notBefore oldest: Int64, _ take: (HistoryScrape) -> Bool
    ) throws -> HistoryReading {
        let (kept, cost, epochs) = try state.withLock { state in
            if let failure = state.failure { throw failure }
            if cursor?.checkpoint != nil { state.readsWithCheckpoint += 1 }
            return (state.kept[target] ?? [], state.checkpointCost, state.epochs)
        }
        var reading = HistoryReading(cursor: cursor)
        for kept in cursor == nil ? Array(kept.suffix(1)) : kept.filter({ Self.isBehind($0.scrape, cursor, epochs) }) {
            if kept.isMissing { return reading }
            var scrape = kept.scrape
            if cost > 0 { scrape.cursor.checkpoint = Checkpoint(cost: cost) }
            reading.cursor = scrape.cursor
            guard scrape.summary.timestamp >= oldest else {
                reading.skipped += 1
                continue
            }
            guard take(scrape) else { return reading }
        }
        return reading
    }

    private static func isBehind(_ scrape: HistoryScrape, _ cursor: HistoryCursor?, _ epochs: [UInt64]) -> Bool {
        guard let cursor else { return true }
        let (own, begun) = (epochs.firstIndex(of: scrape.cursor.epoch) ?? 0, epochs.firstIndex(of: cursor.epoch) ?? -1)
        guard scrape.cursor.time > cursor.time else { return false }
        return own > begun || (own == begun && scrape.cursor.offset > cursor.offset)
    }

    func scrape(of target: TargetID, at time: Int64) throws -> HistoryScrape? {
        state.withLock { $0.kept[target]?.last { $0.scrape.summary.timestamp <= time }?.scrape }
    }

    func backlog(of target: TargetID, after cursor: HistoryCursor) -> (scrapes: Int, oldest: Int64?) {
        state.withLock { state in
            let behind = (state.kept[target] ?? []).filter { Self.isBehind($0.scrape, cursor, state.epochs) }
            return (behind.count, behind.first?.scrape.summary.timestamp)
        }
    }
}
