package import Relabeling
import ScrapeCodec
import Synchronization

/// Everything the views show: agents, their targets, each target's newest scrape. Fed by the replicas, read by the
/// pages. Thread-safe.
package final class TargetStore: Sendable {
    /// How long a withdrawn target answers with an empty exposition.
    package static let withdrawnFor: Int64 = 120_000
    /// How long after its start the collector waits for configured agents before it lists targets without them.
    package static let announcementLimit: Int64 = 120_000
    /// An agent that the configuration does not name leaves after this long unseen.
    package static let forgottenAfter: Int64 = 7 * 24 * 3_600_000

    private struct State {
        var agents: [String: AgentState] = [:]
        var targets: [TargetID: TargetState] = [:]
        /// When the replicas on disk were loaded, steady clock; nil before.
        var loadedAt: Int64?
        /// Who waits for that; called once each, outside the lock.
        var waiters: [UInt64: @Sendable () -> Void] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let clock: @Sendable () -> Moment

    package init(clock: @escaping @Sendable () -> Moment) {
        self.clock = clock
    }

    package var now: Moment { clock() }

    /// Milliseconds since the Unix epoch, collector's clock.
    package func wallClock() -> Int64 { clock().wall }

    // MARK: Feeding

    /// The agent of that name, made on first sight.
    package func agent(_ name: String, isConfigured: Bool, stamps: Labels) -> AgentState {
        let agent = state.withLock { state in
            if let agent = state.agents[name] { return agent }
            let agent = AgentState(name: name, stamps: stamps)
            state.agents[name] = agent
            return agent
        }
        agent.update {
            $0.isConfigured = isConfigured
            $0.isExpected = $0.isExpected || isConfigured
        }
        return agent
    }

    /// The replicas that were on disk are loaded.
    package func loaded() {
        let now = now.steady
        let waiting = state.withLock { state in
            state.loadedAt = now
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for wake in waiting { wake() }
    }

    /// An agent announced a target; returns its id, nil when the agent has been forgotten meanwhile.
    package func announce(_ description: TargetDescription, of agent: AgentState) -> TargetID? {
        let id = TargetID(agent: agent.name, target: description)
        return state.withLock { state in
            guard state.agents[agent.name] === agent else { return nil }
            if let target = state.targets[id] {
                target.announce(description)
            } else {
                state.targets[id] = TargetState(id: id, agent: agent, description: description)
            }
            return id
        }
    }

    package func withdraw(_ id: TargetID) {
        state.withLock { $0.targets[id] }?.withdraw(at: now.steady)
    }

    package func scraped(_ id: TargetID, _ scrape: StoredScrape) {
        guard let target = state.withLock({ $0.targets[id] }) else { return }
        target.scraped(scrape)
        let end = scrape.record.timestamp.addingReportingOverflow(Int64(scrape.record.duration) / 1000).partialValue
        target.agent.update { $0.newestScrape = end }
    }

    /// Removes targets that were withdrawn long enough ago.
    package func sweep() {
        let limit = now.steady - Self.withdrawnFor
        state.withLock { state in
            state.targets = state.targets.filter { $0.value.withdrawnAt.map { $0 > limit } ?? true }
        }
    }

    /// Removes an agent and all its targets.
    package func forget(_ name: String) {
        state.withLock { state in
            state.agents[name] = nil
            state.targets = state.targets.filter { $0.value.agent.name != name }
        }
    }

    // MARK: Reading

    /// Whether somebody waits for the target's next scrape.
    func hasWaiters(_ id: TargetID) -> Bool { target(id)?.hasWaiters ?? false }

    package func target(_ id: TargetID) -> TargetState? { state.withLock { $0.targets[id] } }

    package func agent(_ name: String) -> AgentState? { state.withLock { $0.agents[name] } }

    /// Sorted by name.
    package var agents: [AgentState] {
        state.withLock { Array($0.agents.values) }.sorted { $0.name < $1.name }
    }

    /// Active targets, sorted by agent, job, instance and id.
    package var activeTargets: [TargetState] {
        let all = state.withLock { Array($0.targets.values) }.filter(\.isActive)
        let keyed = all.map { target in
            let labels = target.description.labels
            return (
                key: [target.agent.name, labels["job"] ?? "", labels["instance"] ?? "", target.id.description],
                target: target
            )
        }
        return keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.target)
    }

    /// The active targets of one agent, sorted.
    package func targets(of agent: AgentState) -> [TargetState] {
        activeTargets.filter { $0.agent === agent }
    }

    /// The ids of an agent's active targets, in no order.
    package func activeIDs(of agent: AgentState) -> [TargetID] {
        state.withLock { Array($0.targets.values) }.filter { $0.agent === agent && $0.isActive }.map(\.id)
    }

    /// All targets that are known, withdrawn ones included.
    var targetIDs: Set<TargetID> { state.withLock { Set($0.targets.keys) } }

    /// The bytes of all newest scrapes.
    var bodyBytes: Int {
        state.withLock { Array($0.targets.values) }.reduce(0) {
            let (sum, overflow) = $0.addingReportingOverflow($1.newest?.bodyBytes ?? 0)
            return overflow ? .max : sum
        }
    }

    /// Whether the replicas that were on disk have been applied.
    package var isLoaded: Bool { state.withLock { $0.loadedAt != nil } }

    /// Calls `wake` once when the replicas on disk are loaded, on the thread that loaded them.
    ///
    /// - Returns: what takes the call back; nil, and no call, when they are loaded.
    func whenLoaded(_ wake: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)? {
        let number: UInt64? = state.withLock { state in
            guard state.loadedAt == nil else { return nil }
            state.nextWaiter &+= 1
            state.waiters[state.nextWaiter] = wake
            return state.nextWaiter
        }
        guard let number else { return nil }
        return { self.state.withLock { $0.waiters[number] = nil } }
    }

    /// Whether somebody waits for that.
    var isAwaited: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Returns when the replicas on disk are loaded, or after `limit`.
    ///
    /// - Returns: whether they are.
    func waitUntilLoaded(atMost limit: Duration) async -> Bool {
        await Waiting.wait(atMost: limit) { whenLoaded($0) }
        return isLoaded
    }

    /// Why target lists cannot be given yet, nil when they can: an incomplete list would make readers drop targets.
    package func unreadiness() -> String? {
        guard let loadedAt = state.withLock({ $0.loadedAt }) else {
            return "the replicas on disk are still being loaded"
        }
        guard now.steady - loadedAt < Self.announcementLimit else { return nil }
        let missing = agents.filter { $0.current.isExpected && !$0.current.hasAnnounced }.map(\.name)
        guard !missing.isEmpty else { return nil }
        return "waiting for \(missing.joined(separator: ", ")) to announce targets"
    }

    /// The answer to a plain read. Waits for a scrape that is under way, at most until `deadline`.
    ///
    /// - Parameters:
    ///   - reader: a number that stays the same for one reader.
    ///   - limit: how long this reader waits at most.
    package func read(_ id: TargetID, reader: UInt64, limit: Duration, compressed: Bool) async -> TargetReading {
        await answer(PlainRead(id: id, reader: reader, limit: limit, compressed: compressed))
    }
}
