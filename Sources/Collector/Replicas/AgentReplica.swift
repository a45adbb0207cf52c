import NIOCore
import PrometheusInstrumentation
import ScrapeLog
import Synchronization
import TLS
import Tunnel
import Views

/// The collector's copy of one agent's log, and the target store's source for that agent. Written by the agent's tunnel
/// connection, made durable by the syncer. Thread-safe.
final class AgentReplica: TunnelReceiver {
    let agent: AgentState
    let store: TargetStore
    let metrics: CollectorMetrics
    private let onStorage: @Sendable (_ agent: String, _ failure: ScrapeLogError?) -> Void
    let state: Mutex<ReplicaState>

    /// Its scrapes as readers of the history find them; nil until it has been opened.
    var history: ReplicaHistory? { agent.history as? ReplicaHistory }

    /// A skew beyond this is nonsense and not taken over: ten years, microseconds.
    private static let largestSkew: UInt64 = 10 * 366 * 86_400 * 1_000_000

    /// Opens what is on disk and applies it to the store. Blocks.
    ///
    /// - Parameter onStorage: told when the disk fails and when it is back (nil), once per change.
    /// - Throws: `ScrapeLogError` when the directory cannot be used.
    init(
        agent: AgentState, store: TargetStore, storage: LogStorage, metrics: CollectorMetrics,
        onStorage: @escaping @Sendable (_ agent: String, _ failure: ScrapeLogError?) -> Void
    ) throws {
        self.agent = agent
        self.store = store
        self.metrics = metrics
        self.onStorage = onStorage
        let log = try ReplicaLog(storage: storage)
        var notes = AgentNotes(log.readNotes() ?? "")
        if let skew = notes.skew, skew.magnitude >= Self.largestSkew { notes.skew = nil }
        var expected = ExpectedBytes(opened: ReplicaLog.wallClock())
        for line in notes.expected ?? [] { _ = expected.read(line.split(separator: " ")) }
        for range in log.ranges { expected.settled(range) }
        state = Mutex(
            ReplicaState(
                log: log, applier: RecordApplier(agent: agent, store: store), notes: notes, expected: expected))
        agent.update { [notes] in
            $0.skew = notes.skew
            $0.lastSeen = notes.lastSeen
            $0.certificateNotAfter = notes.certificateNotAfter
        }
        let history = ReplicaHistory(of: self)
        try replay(history)
        agent.keepHistory(in: history)
        catchUp(history)
    }

    // MARK: TunnelReceiver

    func held(of epochs: Set<UInt64>) -> [LogRange] {
        state.withLock { state in state.log.ranges.filter { epochs.contains($0.epoch) } }
    }

    func opened(_ connection: TunnelConnection, hello: Frame.Hello, certificate: PeerCertificate) {
        let now = store.wallClock()
        state.withLock { state in
            state.connection = connection
            state.notes.certificateNotAfter = certificate.notAfter
        }
        resume(holding: hello.held)
        agent.update {
            $0.isConnected = true
            $0.peer = connection.peer
            $0.build = hello.build
            $0.connectedSince = now
            $0.lastSeen = now
            $0.certificateNotAfter = certificate.notAfter
        }
    }

    /// A connection begins: the agent says what it holds, and sends what follows the kept part, whatever was shown
    /// beyond it.
    func resume(holding held: [LogRange]) {
        state.withLock { state in
            state.resume()
            state.heard(held: held)
        }
        saveNotes()
    }

    func append(_ range: LogRange, bytes: ByteBuffer) throws {
        let arrived = store.now.steady
        let change = try state.withLock { state -> StorageChange? in
            if state.isBehindHole(range) {
                state.unkept?.append(range, bytes)
                try show(range, bytes, arrived, &state)
                return nil
            }
            let fresh: LogRange?
            do {
                fresh = try state.log.write(epoch: range.epoch, from: range.from, bytes: bytes)
                state.expected.settled(range)
            } catch let error as ScrapeLogError where error.isOfStorage {
                state.unkept = UnkeptTail(before: range, in: state.log)
                state.unkept?.append(range, bytes)
                try show(range, bytes, arrived, &state)
                defer { state.isFailing = true }
                return state.isFailing ? nil : .failed(error)
            }
            defer { state.isFailing = false }
            if let fresh {
                var new = bytes
                new.moveReaderIndex(forwardBy: Int(clamping: fresh.from - range.from))
                new = new.readSlice(length: Int(clamping: fresh.count)) ?? new
                try show(fresh, new, arrived, &state)
            }
            return state.isFailing ? .recovered : nil
        }
        switch change {
        case .failed(let error): onStorage(agent.name, error)
        case .recovered: onStorage(agent.name, nil)
        case nil: break
        }
        let now = store.wallClock()
        agent.update { $0.lastSeen = now }
    }

    private enum StorageChange {
        case failed(ScrapeLogError)
        case recovered
    }

    private func show(
        _ range: LogRange, _ bytes: ByteBuffer, _ arrived: Int64, _ state: inout ReplicaState
    ) throws(ScrapeLogError) {
        metrics.replicatedBytes.increment(by: bytes.readableBytes)
        let shown = try state.show(range, bytes, arrived: arrived)
        metrics.replicatedRecords.increment(by: shown.records)
        metrics.olderBytes.increment(by: Int(clamping: shown.older))
    }

    func read(_ range: LogRange) throws -> ByteBuffer {
        try state.withLock { state in
            if let bytes = state.unkept?.read(range) { return bytes }
            return try state.log.readAll(range)
        }
    }

    func gap(_ gap: Frame.Gap) {
        // Announced until it is acknowledged: counted the first time.
        let isNews = state.withLock { state in
            defer {
                state.log.noteGap(gap.range)
                state.expected.settled(gap.range)
            }
            return !LogRangeSet(state.log.ranges).contains(gap.range)
        }
        guard isNews else { return }
        metrics.gaps[agent.name].increment()
        metrics.lostScrapes[agent.name].increment(by: Int(clamping: gap.scrapes))
    }

    func clock(_ estimate: ClockEstimate) {
        guard let skew = estimate.skew, skew.magnitude < Self.largestSkew else { return }
        agent.update { $0.skew = skew }
        let isNews = state.withLock { state in
            let known = state.notes.skew
            state.notes.skew = skew
            return known.map { ($0 - skew).magnitude >= 1_000_000 } ?? true
        }
        // Without it a restart would misjudge all ages until the agent is back.
        if isNews { saveNotes() }
    }

    func closed(_ connection: UInt64, reason: String) {
        let isCurrent = state.withLock { state in
            guard state.connection?.number == connection else { return false }
            state.connection = nil
            return true
        }
        guard isCurrent else { return }
        let now = store.wallClock()
        agent.update {
            $0.isConnected = false
            $0.lastSeen = now
            $0.lastDisconnect = reason
        }
        saveNotes()
    }
}
