import Dispatch
import Glibc
import Logging
import NIOCore
import NIOPosix
import PrometheusInstrumentation
import ScrapeLog
import Settings
import Synchronization
import TLS
import Tunnel
import Views

/// All replicas of a collector: opens what is on disk, makes one for each agent that connects, keeps them durable and
/// within their budget. Decides who may connect. Thread-safe.
final class ReplicaStore: TunnelAuthority {
    private let store: TargetStore
    private let metrics: CollectorMetrics
    private let logger: Logger
    private let root: String?
    private let threadPool: NIOThreadPool
    private let observer: TunnelServerObserver
    private let state: Mutex<State>
    /// Held while a replica is opened, one for each agent.
    private let opening = Mutex<[String: ReplicaOpeningLock]>([:])
    private let demand = Mutex<HistoryDemand?>(nil)
    /// Whether the last pass of making replicas durable failed.
    private let isSyncFailing = Mutex(false)

    private struct State {
        var settings: CollectorSettings
        var replicas: [String: AgentReplica] = [:]
        /// Held while the process runs: two collectors on one directory would destroy it.
        var lock: DirectoryLock?
    }

    init(
        settings: CollectorSettings, store: TargetStore, metrics: CollectorMetrics, logger: Logger,
        threadPool: NIOThreadPool
    ) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.root = settings.log.directory
        self.threadPool = threadPool
        self.observer = TunnelServerObserver(logger: logger, metrics: metrics)
        self.state = Mutex(State(settings: settings))
    }

    // MARK: Agents

    private func entry(_ name: String) -> AgentEntry? {
        state.withLock { $0.settings.agents?.first { $0.name == name } }
    }

    private var acceptsAnyone: Bool { state.withLock { $0.settings.agents == nil } }

    private func agentState(_ name: String) -> AgentState {
        let entry = entry(name)
        return store.agent(name, isConfigured: entry != nil, stamps: entry?.stamps ?? AgentEntry(name: name).stamps)
    }

    /// Opens the replicas on disk and enters the configured agents. Blocks; call it on a thread that may.
    ///
    /// - Throws: `ScrapeLogError` when the directory cannot be used.
    func load() throws {
        for entry in state.withLock({ $0.settings.agents ?? [] }) { _ = agentState(entry.name) }
        if let root {
            try prepare(root)
            let lock = try DirectoryLock(directory: root)
            state.withLock { $0.lock = lock }
            let names = Self.entries(of: root + "/agents").filter { AgentEntry.isValidName($0) && isServed($0) }
            try loadAll(names)
        }
        store.loaded()
        logger.info(
            "replicas loaded",
            metadata: ["agents": "\(store.agents.count)", "targets": "\(store.activeTargets.count)"])
    }

    /// Decoding takes as many cores as there are.
    private func loadAll(_ names: [String]) throws {
        let loaders = NIOThreadPool(numberOfThreads: max(2, System.coreCount))
        loaders.start()
        let group = DispatchGroup()
        for name in names {
            group.enter()
            loaders.submit { [self] _ in
                load(name)
                group.leave()
            }
        }
        group.wait()
        try loaders.syncShutdownGracefully()
    }

    private func isServed(_ name: String) -> Bool {
        guard !acceptsAnyone, entry(name) == nil else { return true }
        logger.notice(
            "a replica on disk belongs to an agent that is not in `agents`; it is kept but not served",
            metadata: ["agent": "\(name)"])
        return false
    }

    /// Opens one replica. One that cannot be opened keeps target lists back for a while, not the collector from starting.
    private func load(_ name: String) {
        do {
            let replica = try replica(name)
            replica.agent.update { $0.isExpected = true }
            if isForgotten(replica.agent) { drop(replica) }
        } catch {
            agentState(name).update { $0.isExpected = true }
            logger.error(
                "a replica cannot be opened; it is tried again when the agent connects",
                metadata: ["agent": "\(name)", "reason": "\(error)"])
        }
    }

    private func prepare(_ root: String) throws {
        for directory in [root, root + "/agents"] {
            guard mkdir(directory, 0o700) != 0, errno != EEXIST else { continue }
            throw ScrapeLogError(
                code: .io, message: "the directory cannot be made: \(String(cString: strerror(errno)))",
                culprit: directory)
        }
    }

    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The replica of that name, opened on first use. Only opening blocks others who open.
    private func replica(_ name: String) throws -> AgentReplica {
        if let replica = state.withLock({ $0.replicas[name] }) { return replica }
        let lock = opening.withLock { locks in
            let lock = locks[name] ?? ReplicaOpeningLock()
            locks[name] = lock
            return lock
        }
        return try lock.held {
            if let replica = state.withLock({ $0.replicas[name] }) { return replica }
            let storage: LogStorage =
                try root.map { try .directory(named: name, below: $0 + "/agents") } ?? .memory(maximumBytes: 64 << 20)
            let replica = try AgentReplica(
                agent: agentState(name), store: store, storage: storage, metrics: metrics,
                onStorage: { [weak self] in self?.report($0, $1) })
            replica.agent.verify { [threadPool, weak replica] in
                guard let replica else { throw CancellationError() }
                return try await replica.verify(on: threadPool)
            }
            state.withLock { $0.replicas[name] = replica }
            if let repairs = replica.repairs {
                logger.warning(
                    "a replica on disk was damaged; what was good is kept, what the agent still has is sent again",
                    metadata: ["agent": "\(name)", "damage": "\(repairs)"])
            }
            return replica
        }
    }

    private func report(_ agent: String, _ failure: ScrapeLogError?) {
        guard let failure else {
            return logger.notice("what the agent sends is kept on disk again", metadata: ["agent": "\(agent)"])
        }
        logger.error(
            "what an agent sends cannot be kept on disk; it is shown but not acknowledged, the agent keeps it",
            metadata: [
                "agent": "\(agent)", "reason": "\(failure)", "do": "free space or repair the disk of log.directory",
            ])
    }

    private var replicas: [AgentReplica] { state.withLock { Array($0.replicas.values) } }

    /// How much each replica holds, and how often it was damaged.
    var sizes: [(name: String, bytes: UInt64, failures: Int)] {
        replicas.map { (name: $0.agent.name, bytes: $0.byteCount, failures: $0.failures) }
    }

    /// What finding the records of single targets costs in memory.
    var indexSizes: [(name: String, bytes: Int)] { replicas.map { (name: $0.agent.name, bytes: $0.indexBytes) } }

    // MARK: TunnelAuthority

    func receiver(for identity: AgentIdentity) throws(TunnelRefusal) -> any TunnelReceiver {
        guard store.isLoaded else {
            throw TunnelRefusal(
                code: .overloaded, message: "the collector is still loading its replicas", retryAfter: .seconds(1))
        }
        guard acceptsAnyone || entry(identity.name) != nil else {
            throw TunnelRefusal(
                code: .denied, message: "agent \(identity.name) is not in this collector's `agents`",
                retryAfter: .seconds(60))
        }
        do {
            return try replica(identity.name)
        } catch {
            logger.error(
                "an agent's replica cannot be opened", metadata: ["agent": "\(identity.name)", "reason": "\(error)"])
            throw TunnelRefusal(
                code: .storage, message: "the collector cannot keep this agent's log", retryAfter: .seconds(30))
        }
    }

    func observe(_ event: TunnelServerEvent) { observer.observe(event) }

    // MARK: Upkeep

    /// One pass over all replicas: what was written becomes durable and is acknowledged. One pass at a time.
    func sync() async {
        let started = ContinuousClock.now
        var failure: (agent: String, error: any Error)?
        for replica in replicas {
            guard let task = replica.syncTask() else {
                if root == nil { replica.acknowledgeHeld() }
                continue
            }
            do {
                try await threadPool.runIfActive { try task.run() }
                replica.synced(task)
            } catch {
                replica.syncFailed(task)
                metrics.syncFailures.increment()
                if !(error is CancellationError) { failure = (replica.agent.name, error) }
            }
        }
        metrics.syncDuration.observe(ContinuousClock.now - started)
        report(failure)
        // Targets that nothing has come for since a reconnect must not wait for their next scrape.
        for replica in replicas where replica.isCatchUpDue {
            try? await threadPool.runIfActive { replica.catchUpIfComplete() }
        }
    }

    /// Once per change, not once per pass.
    private func report(_ failure: (agent: String, error: any Error)?) {
        let hasChanged = isSyncFailing.withLock { isFailing in
            defer { isFailing = failure != nil }
            return isFailing != (failure != nil)
        }
        guard hasChanged else { return }
        guard let failure else { return logger.notice("replicas are made durable again") }
        logger.error(
            "a replica could not be made durable; agents are not acknowledged and keep their data",
            metadata: [
                "agent": "\(failure.agent)", "reason": "\(failure.error)", "do": "repair the disk of log.directory",
            ])
    }

    /// Whether an agent that the configuration does not name has been away so long that it is gone for good.
    private func isForgotten(_ agent: AgentState) -> Bool {
        let facts = agent.current
        guard !facts.isConfigured, !facts.isConnected, let lastSeen = facts.lastSeen else { return false }
        return store.wallClock() - lastSeen > TargetStore.forgottenAfter
    }

    /// Stops showing an agent. Its files stay; should it come back, it goes on where it was.
    private func drop(_ replica: AgentReplica) {
        let name = replica.agent.name
        logger.notice("agent forgotten: it was not seen for seven days", metadata: ["agent": "\(name)"])
        store.forget(name)
        state.withLock { $0.replicas[name] = nil }
    }

    /// Deletes what is older than the history or above the budget, and forgets what was withdrawn.
    func expire() {
        store.sweep()
        for replica in replicas where isForgotten(replica.agent) { drop(replica) }
        let replicas = replicas
        let settings = state.withLock { $0.settings }
        // Only when all together are above the budget does the share of each count.
        let share = FairShare.limit(of: replicas.map(\.byteCount), within: settings.log.maxSize)
        let now = store.wallClock()
        let demand = demand.withLock { $0 }
        for replica in replicas {
            replica.recover()
            var rule = RetentionRule(arrivedBefore: now - settings.log.history, maximumBytes: share)
            rule.readUntil = demand?.oldestUnread(replica.agent.name)?.time
            let unread = replica.expire(rule)
            demand?.report(unread, of: replica.agent.name)
            replica.saveNotes()
        }
    }

    /// From now on what readers of the history have not read is kept for them.
    func keep(for demand: HistoryDemand) { self.demand.withLock { $0 = demand } }

    func close() {
        for replica in replicas { replica.saveNotes() }
    }

    // MARK: Reload

    /// Takes over who may connect and what is stamped. Agents that are no longer configured are sent away and leave.
    func reload(_ settings: CollectorSettings) {
        let gone = state.withLock { state -> [AgentReplica] in
            state.settings = settings
            guard let agents = settings.agents else { return [] }
            let names = Set(agents.map(\.name))
            let gone = state.replicas.filter { !names.contains($0.key) }
            for name in gone.keys { state.replicas[name] = nil }
            return Array(gone.values)
        }
        for replica in gone {
            replica.disconnect(.shutdown, message: "this agent was removed from the collector's configuration")
        }
        if let agents = settings.agents {
            let names = Set(agents.map(\.name))
            for agent in store.agents where !names.contains(agent.name) { store.forget(agent.name) }
        }
        for entry in settings.agents ?? [] { agentState(entry.name).restamp(entry.stamps) }
        guard settings.agents == nil else { return }
        for agent in store.agents {
            agent.restamp(AgentEntry(name: agent.name).stamps)
            agent.update { $0.isConfigured = false }
        }
    }
}
