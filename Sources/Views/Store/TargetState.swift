import CDeflate
import NIOCore
import Relabeling
package import ScrapeCodec
import Synchronization

/// One target of one agent at the collector: what is known of it, its newest scrape, and who waits for the next. Thread-
/// safe.
package final class TargetState: Sendable {
    package let id: TargetID
    package let agent: AgentState
    private let state: Mutex<State>

    fileprivate struct State {
        var description: TargetDescription
        var withdrawnAt: Int64?
        var newest: StoredScrape?
        var body: ByteBuffer?
        var compressed: ByteBuffer?
        var sequence: UInt64 = 0
        /// The scrape each recent reader was last given; oldest first, at most eight.
        var readers: [(reader: UInt64, sequence: UInt64)] = []
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    init(id: TargetID, agent: AgentState, description: TargetDescription) {
        self.id = id
        self.agent = agent
        self.state = Mutex(State(description: description))
    }

    package var description: TargetDescription { state.withLock { $0.description } }
    /// When it was withdrawn, milliseconds, collector's clock; nil while it is active.
    package var withdrawnAt: Int64? { state.withLock { $0.withdrawnAt } }
    package var isActive: Bool { withdrawnAt == nil }
    /// Meta data of the newest scrape, without its body.
    package var newest: (record: ScrapeRecord, bodyBytes: Int)? {
        state.withLock { state in state.newest.map { ($0.record, $0.bodyBytes) } }
    }

    func announce(_ description: TargetDescription) {
        state.withLock { state in
            state.description = description
            state.withdrawnAt = nil
        }
    }

    func withdraw(at time: Int64) {
        let waiting = state.withLock { state in
            if state.withdrawnAt == nil { state.withdrawnAt = time }
            state.body = nil
            state.compressed = nil
            state.newest = nil
            return state.takeWaiters()
        }
        for waiter in waiting { waiter.resume() }
    }

    /// A scrape arrived. Older ones than the newest (a backlog behind live data) do not count.
    func scraped(_ scrape: StoredScrape) {
        let waiting: [CheckedContinuation<Void, Never>] = state.withLock { state in
            guard state.withdrawnAt == nil else { return [] }
            if let newest = state.newest, newest.record.timestamp >= scrape.record.timestamp { return [] }
            state.sequence &+= 1
            state.newest = scrape
            state.newest?.sequence = state.sequence
            state.body = nil
            state.compressed = nil
            return state.takeWaiters()
        }
        for waiter in waiting { waiter.resume() }
    }

    // MARK: Reading

    /// What `reader` gets now: an answer, or a time until which to wait for the next scrape.
    func decide(reader: UInt64, now: Int64) -> ReadRule.Decision {
        state.withLock { state in
            guard state.withdrawnAt == nil else { return .serve }
            let rule = ReadRule(interval: state.description.interval, timeout: state.description.timeout)
            let newest = state.newest.map {
                ReadRule.Newest(sequence: $0.sequence, scheduled: $0.record.scheduled)
            }
            return rule.decide(
                newest: newest, lastGiven: state.readers.last { $0.reader == reader }?.sequence, now: now)
        }
    }

    /// The number of scrapes so far; pass it to `next(after:)`.
    var sequence: UInt64 { state.withLock { $0.sequence } }

    var hasWaiters: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Returns when a scrape after `sequence` has arrived, the target was withdrawn, or the task was cancelled.
    func next(after sequence: UInt64) async {
        let number = state.withLock { state in
            state.nextWaiter &+= 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.sequence != sequence || state.withdrawnAt != nil || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// The body of the newest scrape, when it succeeded and is fresh.
    ///
    /// - Parameters:
    ///   - now: milliseconds, agent's clock.
    ///   - reader: noted as having been given this scrape; nil for none.
    func body(reader: UInt64?, now: Int64, compressed: Bool) -> TargetReading {
        state.withLock { state in
            guard state.withdrawnAt == nil else { return .withdrawn }
            guard let newest = state.newest else { return agent.nothingYet() }
            let record = newest.record
            guard Freshness.isFresh(scraped: record.timestamp, interval: state.description.interval, now: now) else {
                return agent.stale(age: max(0, now - record.timestamp))
            }
            guard record.outcome.isSuccess else { return Self.failure(record.outcome) }
            if state.body == nil {
                guard let body = try? newest.decode() else {
                    return .unavailable(status: 502, reason: "the scrape's record could not be decoded")
                }
                state.body = body
            }
            guard let bytes = state.body else { return .unknown }
            if compressed, state.compressed == nil { state.compressed = Gzip.compress(bytes) }
            if let reader { state.note(reader, newest.sequence) }
            return .body(
                ScrapeBody(
                    sequence: newest.sequence, timestamp: record.timestamp,
                    readerTimestamp: agent.readerTime(record.timestamp), contentType: record.contentType,
                    bytes: bytes, compressed: compressed ? state.compressed : nil))
        }
    }

    private static func failure(_ outcome: ScrapeOutcome) -> TargetReading {
        let status = outcome.code == .timedOut ? 504 : 502
        return .unavailable(status: status, reason: "target: \(outcome.message)")
    }
}

extension TargetState.State {
    fileprivate mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
        defer { waiters = [:] }
        return Array(waiters.values)
    }

    /// Readers beyond the eighth push out the one that has been silent longest.
    fileprivate mutating func note(_ reader: UInt64, _ sequence: UInt64) {
        readers.removeAll { $0.reader == reader }
        if readers.count == 8 { readers.removeFirst() }
        readers.append((reader, sequence))
    }
}
