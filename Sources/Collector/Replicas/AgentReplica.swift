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
    private let store: TargetStore
    private let metrics: CollectorMetrics
    private let notesPath: String?
    private let state: Mutex<State>

    private struct State {
        var log: ReplicaLog
        var applier: RecordApplier
        /// The epochs' ends, where the next bytes are expected and a record may be half there.
        var assemblers: [UInt64: RecordAssembler] = [:]
        var connection: TunnelConnection?
        var notes: AgentNotes
    }

    /// Opens what is on disk and applies it to the store.
    ///
    /// - Throws: `ScrapeLogError` when the directory cannot be used.
    init(
        agent: AgentState, store: TargetStore, storage: LogStorage, metrics: CollectorMetrics
    ) throws {
        self.agent = agent
        self.store = store
        self.metrics = metrics
        if case .directory(let path) = storage { notesPath = path + "/notes" } else { notesPath = nil }
        let notes =
            notesPath.map { AgentNotes(path: $0) } ?? AgentNotes(skew: nil, lastSeen: nil, certificateNotAfter: nil)
        let log = try ReplicaLog(storage: storage)
        state = Mutex(State(log: log, applier: RecordApplier(agent: agent, store: store), notes: notes))
        agent.update {
            $0.skew = notes.skew
            $0.lastSeen = notes.lastSeen
            $0.certificateNotAfter = notes.certificateNotAfter
        }
        try replay()
    }

    private func replay() throws {
        try state.withLock { state in
            var applier = state.applier
            try state.log.forEachRecord { record in applier.apply(record) }
            state.applier = applier
            for range in state.log.heldRanges {
                let boundary = state.log.boundary(before: range.to, epoch: range.epoch)
                var assembler = RecordAssembler(epoch: range.epoch, offset: boundary)
                var tail = ByteBuffer()
                let rest = LogRange(epoch: range.epoch, from: boundary, to: range.to)
                if rest.count > 0 { _ = try state.log.read(rest, maximum: Int(clamping: rest.count), into: &tail) }
                assembler.append(tail)
                state.assemblers[range.epoch] = assembler
            }
        }
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
        agent.update {
            $0.isConnected = true
            $0.peer = connection.peer
            $0.build = hello.build
            $0.connectedSince = now
            $0.lastSeen = now
            $0.certificateNotAfter = certificate.notAfter
        }
    }

    func append(_ range: LogRange, bytes: ByteBuffer) throws {
        try state.withLock { state in
            guard let fresh = try state.log.write(epoch: range.epoch, from: range.from, bytes: bytes) else { return }
            var new = bytes
            new.moveReaderIndex(forwardBy: Int(clamping: fresh.from - range.from))
            if let extra = new.readSlice(length: Int(clamping: fresh.count)) { new = extra }
            var applier = state.applier
            var assembler =
                state.assemblers[fresh.epoch] ?? RecordAssembler(epoch: fresh.epoch, offset: fresh.from)
            // Behind a hole the log continues at a segment's start.
            if assembler.end != fresh.from { assembler = RecordAssembler(epoch: fresh.epoch, offset: fresh.from) }
            assembler.append(new)
            var records = 0
            while let record = try assembler.next() {
                applier.apply(record)
                records += 1
            }
            state.applier = applier
            state.assemblers[fresh.epoch] = assembler
            metrics.replicatedBytes.increment(by: Int(clamping: fresh.count))
            metrics.replicatedRecords.increment(by: records)
        }
        let now = store.wallClock()
        agent.update { $0.lastSeen = now }
    }

    func read(_ range: LogRange) throws -> ByteBuffer {
        try state.withLock { state in
            var buffer = ByteBuffer()
            var rest = range
            while rest.count > 0 {
                let count = try state.log.read(rest, maximum: Int(clamping: rest.count), into: &buffer)
                guard count > 0 else { break }
                rest.from += UInt64(count)
            }
            guard rest.count == 0 else {
                throw ScrapeLogError(code: .notHeld, message: "the compression prefix is not held any more")
            }
            return buffer
        }
    }

    func gap(_ gap: Frame.Gap) {
        metrics.gaps[agent.name].increment()
        metrics.lostScrapes[agent.name].increment(by: Int(clamping: gap.scrapes))
        state.withLock { $0.log.noteGap(gap.range) }
    }

    func clock(_ estimate: ClockEstimate) {
        guard let skew = estimate.skew else { return }
        agent.update { $0.skew = skew }
        state.withLock { $0.notes.skew = skew }
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

    // MARK: Upkeep

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

    func expire(arrivedBefore time: Int64, maximumBytes: UInt64) {
        let freed = state.withLock { $0.log.expire(arrivedBefore: time, maximumBytes: maximumBytes) }
        metrics.expiredBytes.increment(by: Int(clamping: freed.bytes))
    }

    var byteCount: UInt64 { state.withLock { $0.log.byteCount } }

    var failures: Int { state.withLock { $0.applier.failures } }

    func saveNotes() {
        guard let notesPath else { return }
        let lastSeen = agent.current.lastSeen
        let notes = state.withLock { state in
            state.notes.lastSeen = lastSeen
            return state.notes
        }
        notes.write(path: notesPath)
    }

    func disconnect(_ code: GoAwayCode, message: String) {
        state.withLock { $0.connection }?.goAway(code, reconnect: .seconds(1), message: message)
    }
}

extension RecordAssembler {
    /// Where the next bytes are expected.
    fileprivate var end: UInt64 { offset &+ UInt64(pendingBytes) }
}
