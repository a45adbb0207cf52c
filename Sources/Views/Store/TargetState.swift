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
        var sequence: UInt64 = 0
        /// The scrape each recent reader was last given; oldest first, at most eight.
        var readers: [(reader: UInt64, sequence: UInt64)] = []
        /// Called once each, outside the lock.
        var waiters: [UInt64: @Sendable () -> Void] = [:]
        var nextWaiter: UInt64 = 0
    }

    init(id: TargetID, agent: AgentState, description: TargetDescription) {
        self.id = id
        self.agent = agent
        self.state = Mutex(State(description: description))
    }

    package var description: TargetDescription { state.withLock { $0.description } }
    /// When it was withdrawn, milliseconds, steady clock; nil while it is active.
    package var withdrawnAt: Int64? { state.withLock { $0.withdrawnAt } }
    package var isActive: Bool { withdrawnAt == nil }
    /// Meta data of the newest scrape, without its body.
    package var newest: (record: ScrapeRecord, bodyBytes: Int)? {
        state.withLock { state in state.newest.map { ($0.record, $0.bodyBytes) } }
    }

    /// Whether the newest scrape can be shown in a moment: it is not longer than that, and takes no disk.
    func isShownAtOnce(upTo bytes: Int) -> Bool {
        state.withLock { state in
            state.newest.map { $0.bodyBytes <= bytes && !$0.rendering.isDeferred } ?? true
        }
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
            state.newest = nil
            return state.takeWaiters()
        }
        for waiter in waiting { waiter() }
    }

    /// A scrape arrived, later in the agent's log than the one before. Its time may be earlier: clocks are set.
    func scraped(_ scrape: StoredScrape) {
        let waiting: [@Sendable () -> Void] = state.withLock { state in
            guard state.withdrawnAt == nil else { return [] }
            state.sequence &+= 1
            var newest = scrape
            newest.sequence = state.sequence
            if let last = state.newest?.rendering, last.isSame(as: scrape.rendering) { newest.rendering = last }
            state.newest = newest
            return state.takeWaiters()
        }
        for waiter in waiting { waiter() }
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

    /// The number of scrapes so far; pass it to `next`.
    var sequence: UInt64 { state.withLock { $0.sequence } }

    var hasWaiters: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Returns when a scrape after `sequence` has arrived, the target was withdrawn, the task was cancelled, or after
    /// `limit`.
    func next(after sequence: UInt64, atMost limit: Duration) async {
        await Waiting.wait(atMost: limit) { next(after: sequence, $0) }
    }

    /// The same without a task: `wake` is called once when a scrape after `sequence` has arrived or the target was
    /// withdrawn, on the thread that brought it.
    ///
    /// - Returns: what takes the call back; nil, and no call, when there is nothing to wait for.
    func next(after sequence: UInt64, _ wake: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)? {
        let number: UInt64? = state.withLock { state in
            guard state.sequence == sequence, state.withdrawnAt == nil else { return nil }
            state.nextWaiter &+= 1
            state.waiters[state.nextWaiter] = wake
            return state.nextWaiter
        }
        guard let number else { return nil }
        return { self.state.withLock { $0.waiters[number] = nil } }
    }

    /// Whether the newest scrape is recent enough to speak for the target; nil when there is none.
    package func isFresh(at now: Moment) -> Bool? {
        state.withLock { state in state.newest.map { $0.isFresh(state.description.interval, agent, now) } }
    }

    /// The body of the newest scrape, when it succeeded and is fresh.
    ///
    /// - Parameter reader: noted as having been given this scrape, failed or not.
    func body(reader: UInt64, now: Moment, compressed: Bool) -> TargetReading {
        // A scrape may arrive between finding the newest and rendering it; then that one is the newest.
        for _ in 0..<4 {
            if let reading = tryBody(reader: reader, now: now, compressed: compressed) { return reading }
        }
        return .unavailable(status: 503, reason: "scrapes arrive faster than they can be read")
    }

    /// Why the newest scrape cannot be shown; nil when it succeeded and is fresh.
    ///
    /// - Parameter reader: noted as having been given it.
    func shortcoming(for reader: UInt64, at now: Moment) -> TargetReading? {
        state.withLock { $0.shortcoming(of: agent, for: reader, at: now) }
    }

    /// Nil when a newer scrape has taken the place of the newest meanwhile.
    private func tryBody(reader: UInt64, now: Moment, compressed: Bool) -> TargetReading? {
        let (answer, newest) = state.withLock { state in
            (state.shortcoming(of: agent, for: reader, at: now), state.newest)
        }
        if let answer { return answer }
        guard let newest else { return agent.nothingYet() }
        do {
            return .body(
                ScrapeBody(
                    sequence: newest.sequence, timestamp: newest.record.timestamp,
                    readerTimestamp: min(agent.readerTime(newest.record.timestamp), now.wall),
                    contentType: newest.record.contentType, bytes: try newest.rendering.body(),
                    compressed: compressed ? try newest.rendering.compressed() : nil))
        } catch let error as ScrapeCodecError where error.code == .superseded {
            return nil
        } catch {
            return .unavailable(status: 502, reason: "the scrape's record could not be decoded")
        }
    }
}

extension TargetReading {
    /// What a failed scrape answers.
    static func failure(_ outcome: ScrapeOutcome) -> TargetReading {
        let status = outcome.code == .timedOut ? 504 : 502
        let message = outcome.message
        return .unavailable(status: status, reason: message.hasPrefix("target") ? message : "target: \(message)")
    }
}

extension TargetState.State {
    /// Why the newest scrape cannot be shown; nil when it can.
    fileprivate mutating func shortcoming(of agent: AgentState, for reader: UInt64, at now: Moment) -> TargetReading? {
        guard withdrawnAt == nil else { return .withdrawn }
        guard let newest else { return agent.nothingYet() }
        guard newest.isFresh(description.interval, agent, now) else {
            return agent.stale(waited: newest.age(agent, now))
        }
        note(reader, newest.sequence)
        return newest.record.outcome.isSuccess ? nil : .failure(newest.record.outcome)
    }

    fileprivate mutating func takeWaiters() -> [@Sendable () -> Void] {
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

extension StoredScrape {
    /// The greater of the two ages, milliseconds.
    fileprivate func age(_ agent: AgentState, _ now: Moment) -> Int64 {
        max(agent.age(of: record.timestamp, at: now), now.steady.subtractingReportingOverflow(arrived).partialValue, 0)
    }

    fileprivate func isFresh(_ interval: Int64, _ agent: AgentState, _ now: Moment) -> Bool {
        Freshness.isFresh(
            age: agent.age(of: record.timestamp, at: now),
            waited: now.steady.subtractingReportingOverflow(arrived).partialValue, interval: interval)
    }
}
