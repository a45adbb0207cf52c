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
    private let onStorage: @Sendable (_ agent: String, _ failure: ScrapeLogError?) -> Void
    private let state: Mutex<State>

    fileprivate struct State {
        var log: ReplicaLog
        var applier: RecordApplier
        /// The end of the newest epoch, where the next bytes are expected and a record may be half there. What arrives
        /// elsewhere is older than what the store shows, and is only kept.
        var newest: (epoch: UInt64, assembler: RecordAssembler)?
        var connection: TunnelConnection?
        var notes: AgentNotes
        /// The disk does not take what arrives: it is shown, but neither kept nor acknowledged.
        var isFailing = false
        /// What arrived since the disk failed; nil while all is kept. Until the agent begins again where the kept part
        /// ends, nothing that follows can be kept.
        var unkept: UnkeptTail?
        /// How far the newest epoch has been shown already; what comes again before that is kept but not applied twice.
        var shown: (epoch: UInt64, offset: UInt64)?
    }

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
        state = Mutex(State(log: log, applier: RecordApplier(agent: agent, store: store), notes: notes))
        agent.update { [notes] in
            $0.skew = notes.skew
            $0.lastSeen = notes.lastSeen
            $0.certificateNotAfter = notes.certificateNotAfter
        }
        try replay()
    }

    private func replay() throws {
        try state.withLock { state in
            var applier = state.applier
            try state.log.forEachRecord { record in applier.apply(record, arrived: nil) }
            state.applier = applier
            state.newest = try Self.end(of: state.log)
        }
    }

    /// The end of the newest epoch that is kept, with the bytes of a record that is half there.
    fileprivate static func end(of log: ReplicaLog) throws(ScrapeLogError) -> (
        epoch: UInt64, assembler: RecordAssembler
    )? {
        guard let last = log.heldRanges.last else { return nil }
        let boundary = log.boundary(before: last.to, epoch: last.epoch)
        var assembler = RecordAssembler(epoch: last.epoch, offset: boundary)
        assembler.append(try log.readAll(LogRange(epoch: last.epoch, from: boundary, to: last.to)))
        return (last.epoch, assembler)
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
        resume()
        agent.update {
            $0.isConnected = true
            $0.peer = connection.peer
            $0.build = hello.build
            $0.connectedSince = now
            $0.lastSeen = now
            $0.certificateNotAfter = certificate.notAfter
        }
    }

    /// A connection begins: the agent sends what follows the kept part, whatever was shown beyond it.
    func resume() { state.withLock { $0.resume() } }

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
            } catch let error as ScrapeLogError where error.code == .io || error.code == .full {
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

    /// Applies the records in these bytes when they continue the newest epoch.
    private func show(_ range: LogRange, _ bytes: ByteBuffer, _ arrived: Int64, _ state: inout State) throws {
        metrics.replicatedBytes.increment(by: bytes.readableBytes)
        let isNewest = state.log.newestEpoch.map { $0 == range.epoch } ?? true
        guard isNewest || state.unkept?.epoch == range.epoch else { return }
        var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
        if let newest = state.newest, newest.epoch == range.epoch, newest.assembler.end >= range.from {
            // Before the end: a hole behind what is shown is filled.
            guard newest.assembler.end == range.from else { return }
            assembler = newest.assembler
        } else if range.from > 0, !bytes.beginsSegment {
            // In the middle of something whose beginning is not here.
            return
        }
        assembler.append(bytes)
        var records = 0
        while let record = try assembler.next() {
            records += 1
            if let shown = state.shown, shown.epoch == record.epoch, record.offset < shown.offset { continue }
            state.applier.apply(record, arrived: arrived)
        }
        state.newest = (range.epoch, assembler)
        metrics.replicatedRecords.increment(by: records)
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
            defer { state.log.noteGap(gap.range) }
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

    /// Tries whether a disk that failed takes bytes again; if so the agent is asked to begin again from what is kept.
    /// Blocks.
    func recover() {
        guard let probe = state.withLock({ $0.unkept == nil ? nil : $0.log.diskProbe() }), probe() else { return }
        disconnect(.restart, message: "the collector's disk works again; send again what it could not keep")
    }

    func expire(arrivedBefore time: Int64, maximumBytes: UInt64) {
        let freed = state.withLock { $0.log.expire(arrivedBefore: time, maximumBytes: maximumBytes) }
        metrics.expiredBytes.increment(by: Int(clamping: freed.bytes))
    }

    var byteCount: UInt64 { state.withLock { $0.log.byteCount } }

    var failures: Int { state.withLock { $0.applier.failures } }

    func saveNotes() {
        let lastSeen = agent.current.lastSeen
        state.withLock { state in
            state.notes.lastSeen = lastSeen
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

extension AgentReplica.State {
    /// Whether bytes lie behind some that could not be kept.
    fileprivate func isBehindHole(_ range: LogRange) -> Bool {
        guard unkept?.epoch == range.epoch else { return false }
        let kept = log.ranges.last { $0.epoch == range.epoch && $0.from <= range.from }?.to ?? 0
        return range.from > kept
    }

    fileprivate mutating func resume() {
        unkept = nil
        guard let newest else { return }
        let isKept = log.ranges.contains { $0.epoch == newest.epoch && $0.to >= newest.assembler.end }
        guard !isKept else { return }
        shown = (newest.epoch, newest.assembler.offset)
        self.newest = try? AgentReplica.end(of: log)
    }
}

extension ByteBuffer {
    /// Whether the first record in here begins a segment.
    fileprivate var beginsSegment: Bool {
        (try? RecordHeader.parse(self, at: readerIndex))??.kind == .segmentHeader
    }
}

extension RecordAssembler {
    /// Where the next bytes are expected.
    fileprivate var end: UInt64 { offset &+ UInt64(pendingBytes) }
}

extension ReplicaLog {
    /// The whole of `range`; `.notHeld` when part of it is missing.
    func readAll(_ range: LogRange) throws(ScrapeLogError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var rest = range
        while rest.count > 0 {
            let count = try read(rest, maximum: Int(clamping: rest.count), into: &buffer)
            guard count > 0 else {
                throw ScrapeLogError(code: .notHeld, message: "bytes that were held are not any more")
            }
            rest.from += UInt64(count)
        }
        return buffer
    }
}
