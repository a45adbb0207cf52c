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

    private struct State {
        var log: ReplicaLog
        var applier: RecordApplier
        /// The end of the newest epoch, where the next bytes are expected and a record may be half there. What arrives
        /// elsewhere is older than what the store shows, and is only kept.
        var newest: (epoch: UInt64, assembler: RecordAssembler)?
        var connection: TunnelConnection?
        var notes: AgentNotes
        /// The disk does not take what arrives: it is shown, but neither kept nor acknowledged.
        var isFailing = false
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
    private static func end(of log: ReplicaLog) throws(ScrapeLogError) -> (epoch: UInt64, assembler: RecordAssembler)? {
        guard let last = log.heldRanges.last else { return nil }
        let boundary = log.boundary(before: last.to, epoch: last.epoch)
        var assembler = RecordAssembler(epoch: last.epoch, offset: boundary)
        assembler.append(try log.readAll(LogRange(epoch: last.epoch, from: boundary, to: last.to)))
        return (last.epoch, assembler)
    }

    // MARK: TunnelReceiver

    func held(of epochs: Set<UInt64>) -> [LogRange] {
        state.withLock { state in
            let ranges = state.log.ranges.filter { epochs.contains($0.epoch) }
            // What was shown without being kept comes again; it has to be taken up where the kept part ends.
            if let end = state.newest?.assembler.end, let epoch = state.newest?.epoch,
                !ranges.contains(where: { $0.epoch == epoch && $0.to >= end })
            {
                state.newest = try? Self.end(of: state.log)
            }
            return ranges
        }
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
        let arrived = store.now.steady
        let change: ScrapeLogError?? = try state.withLock { state in
            let wasFailing = state.isFailing
            var fresh: LogRange? = range
            do {
                fresh = try state.log.write(epoch: range.epoch, from: range.from, bytes: bytes)
                state.isFailing = false
            } catch let error as ScrapeLogError where error.code == .io || error.code == .full {
                state.isFailing = true
                try apply(range, bytes, arrived, &state)
                return wasFailing ? nil : .some(error)
            } catch let error as ScrapeLogError where wasFailing && error.code != .corrupt {
                // Behind what could not be kept nothing can be kept either, until the agent begins again from there.
                try apply(range, bytes, arrived, &state)
                return nil
            }
            guard let fresh else { return nil }
            var new = bytes
            new.moveReaderIndex(forwardBy: Int(clamping: fresh.from - range.from))
            new = new.readSlice(length: Int(clamping: fresh.count)) ?? new
            try apply(fresh, new, arrived, &state)
            return wasFailing ? .some(nil) : nil
        }
        if let change { onStorage(agent.name, change) }
        let now = store.wallClock()
        agent.update { $0.lastSeen = now }
    }

    /// Shows the records in these bytes when they continue the newest epoch.
    private func apply(_ range: LogRange, _ bytes: ByteBuffer, _ arrived: Int64, _ state: inout State) throws {
        metrics.replicatedBytes.increment(by: bytes.readableBytes)
        let isNewest = state.log.ranges.last.map { $0.epoch == range.epoch } ?? true
        guard isNewest || state.isFailing else { return }
        var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
        if let newest = state.newest, newest.epoch == range.epoch {
            if newest.assembler.end == range.from {
                assembler = newest.assembler
            } else if range.from < newest.assembler.end {
                // A hole behind what is shown.
                return
            }
        }
        assembler.append(bytes)
        var records = 0
        while let record = try assembler.next() {
            state.applier.apply(record, arrived: arrived)
            records += 1
        }
        state.newest = (range.epoch, assembler)
        metrics.replicatedRecords.increment(by: records)
    }

    func read(_ range: LogRange) throws -> ByteBuffer {
        try state.withLock { state in try state.log.readAll(range) }
    }

    func gap(_ gap: Frame.Gap) {
        metrics.gaps[agent.name].increment()
        metrics.lostScrapes[agent.name].increment(by: Int(clamping: gap.scrapes))
        state.withLock { $0.log.noteGap(gap.range) }
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
        let isBack = state.withLock { $0.isFailing && $0.log.takesBytes() }
        guard isBack else { return }
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

extension RecordAssembler {
    /// Where the next bytes are expected.
    fileprivate var end: UInt64 { offset &+ UInt64(pendingBytes) }
}

extension ReplicaLog {
    /// The whole of `range`; `.notHeld` when part of it is missing.
    fileprivate func readAll(_ range: LogRange) throws(ScrapeLogError) -> ByteBuffer {
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
