package import Logging
package import PrometheusInstrumentation
import Synchronization

/// Who reads history, and how far each reader has come with each target. Thread-safe; what blocks says so.
///
/// Owns the cursors: in memory, and in one file per reader under `directory` when there is one. A cursor goes with its
/// reader's declaration, and with a target that is gone for longer than the reader's `max_age`.
package final class History: Sendable {
    /// One reader's place with one target.
    struct Slot: Sendable, Hashable {
        var reader: String
        var key: String
        var target: TargetID
    }

    /// Whether a request may read.
    enum Admission: Sendable, Equatable {
        case unknown
        /// Another address reads under this name.
        case conflict(with: String)
        case admitted(key: String, maxAge: Int64)
    }

    /// Milliseconds between two warnings of the same kind.
    private static let warningPause: Int64 = 60_000
    private static let budgetAge: Int64 = 30_000

    let store: TargetStore
    let metrics: HistoryMetrics
    let logger: Logger
    let files: CursorFiles?
    let state = Mutex(ReaderTable())
    /// Held while files are written. Whether the last attempt failed: a disk that fails is told of once.
    let isFailing = Mutex(false)
    let lane = SaveLane()

    /// - Parameters:
    ///   - directory: where cursor files are kept, made when it is missing; nil to keep cursors in memory only.
    package init(
        store: TargetStore, readers: [HistoryReader], directory: String?, registry: MetricsRegistry, logger: Logger
    ) throws {
        self.store = store
        self.logger = logger
        metrics = try HistoryMetrics(registry)
        files = directory.map { CursorFiles(path: $0) }
        reload(readers)
        try HistoryMetrics.register(
            registry, lags: { [weak self] in self?.lags ?? [] },
            checkpointBytes: { [weak self] in self?.checkpointBytes ?? 0 })
    }

    // MARK: Readers

    /// Takes over the readers of a changed configuration. Those that stay keep their cursors, unless how they are told
    /// apart has changed.
    package func reload(_ readers: [HistoryReader]) {
        state.withLock { state in
            let old = state.readers
            state.isPruneDue = true
            state.names = readers.map(\.name)
            state.readers = [:]
            for reader in readers {
                var kept = old[reader.name] ?? ReaderState(settings: reader)
                if kept.settings.isKeyedByAddress != reader.isKeyedByAddress { kept = ReaderState(settings: reader) }
                kept.settings = reader
                state.readers[reader.name] = kept
            }
            state.checkpoints = state.readers.values.reduce(0) { $0 + $1.checkpointCost }
        }
        for reader in readers { metrics.begin(reader.name) }
    }

    /// The declared readers, in the order of the configuration.
    package var readers: [HistoryReader] {
        state.withLock { state in state.names.compactMap { state.readers[$0]?.settings } }
    }

    func isDeclared(_ name: String) -> Bool { state.withLock { $0.readers[name] != nil } }

    // MARK: Reading

    /// Judges who reads. A look does not count as a read.
    func admit(_ name: String, address: String, isPeek: Bool) -> Admission {
        let now = store.now
        let (admission, warns) = state.withLock { state -> (Admission, Bool) in
            guard let settings = state.readers[name]?.settings else { return (.unknown, false) }
            let key = settings.isKeyedByAddress ? address : ""
            let admitted = Admission.admitted(key: key, maxAge: settings.maxAge)
            guard !isPeek else { return (admitted, false) }
            if !settings.isKeyedByAddress,
                let other = state.readers[name]?.watch.conflict(of: address, at: now.steady)
            {
                let warns = state.warned[name].map { now.steady - $0 >= Self.warningPause } ?? true
                if warns { state.warned[name] = now.steady }
                return (.conflict(with: other), warns)
            }
            state.readers[name]?.lastRead = now.wall
            state.readers[name]?.lastAddress = address
            state.readers[name]?.touch(key, at: now.steady)
            return (admitted, false)
        }
        guard case .conflict(let other) = admission else { return admission }
        metrics.refused(name)
        if warns {
            logger.warning(
                "two addresses read history under one name: give each a reader of its own, or set key: address",
                metadata: ["reader": "\(name)", "address": "\(address)", "other": "\(other)"])
        }
        return admission
    }

    /// What became of the page that was last offered in this place; nil when there is none.
    func delivery(_ slot: Slot) -> PageDelivery? {
        state.withLock { $0.entry(slot)?.cursor.offer?.delivery }
    }

    /// A request has come: settles the page before.
    ///
    /// - Parameter read: the page of which it is known that it has arrived; another may have been offered since.
    /// - Returns: where to read on; nil when the reader is not declared any more.
    func begin(_ slot: Slot, of agent: String, read: PageDelivery?) -> TargetCursor.Place? {
        let now = store.wallClock()
        let settled = state.withLock { state -> (TargetCursor.Settlement, TargetCursor.Place)? in
            state.update(slot, of: agent, at: now) { entry in
                let settlement = entry.cursor.settle(isRead: entry.cursor.isOffered(read))
                var isChanged = false
                if case .read = settlement { isChanged = true }
                return ((settlement, entry.cursor.place), isChanged)
            }
        }
        switch settled?.0 {
        case .read(let counts)?: metrics.count(slot.reader, counts)
        case .repeated?: metrics.repeats(slot.reader)
        case .nothing?, nil: break
        }
        return settled?.1
    }

    /// Where a look begins; nothing moves.
    ///
    /// - Parameter read: as in ``begin(_:of:read:)``.
    func glance(_ slot: Slot, read: PageDelivery?) -> TargetCursor.Place {
        let cursor = state.withLock { $0.entry(slot)?.cursor } ?? TargetCursor()
        return cursor.glance(isRead: cursor.isOffered(read))
    }

    /// A page was made for the request that began at `place`.
    ///
    /// - Parameter delivery: follows the page's bytes.
    /// - Returns: whether the place has to be on the disk before the page goes out; see ``keep(atMost:)``.
    func give(
        _ page: PageReading.Result, to slot: Slot, of agent: String, from place: TargetCursor.Place,
        _ delivery: PageDelivery
    ) -> Bool {
        let now = store.now
        let outcome = state.withLock { state -> (hasPassed: Bool, begins: Bool)? in
            state.update(slot, of: agent, at: now.wall) { entry in
                let begins = entry.cursor.read == nil && page.first != nil
                if let first = page.first { entry.cursor.begin(with: first) }
                guard page.counts.given > 0, let cursor = page.cursor else {
                    let hasMoved = entry.cursor.pass(
                        to: page.cursor, hasPassed: page.hasPassed, page.counts, from: place)
                    return ((hasMoved, begins), hasMoved || begins)
                }
                let offer = TargetCursor.Offer(
                    cursor: cursor, emitted: page.emitted, counts: page.counts, delivery: delivery)
                entry.cursor.give(offer, from: place)
                return ((false, begins), begins)
            }
        }
        if page.counts.given > 0 { metrics.gave(slot.reader) }
        if outcome?.hasPassed == true { metrics.count(slot.reader, page.counts) }
        trim(now.steady)
        // While the first scrape is owed, another request may still wait for the same.
        return outcome?.begins == true || place.owesFirst
    }

    // MARK: Checkpoints

    var checkpointBytes: Int { state.withLock { $0.checkpoints } }

    /// Keeps what checkpoints occupy within 16 bytes for each series of the store and each reader: a series is a line, and
    /// a line of a body has 64 bytes or more. Those used the longest time ago go first; they cost decoding from the
    /// keyframe on.
    private func trim(_ now: Int64) {
        let isDue = state.withLock { state in
            state.budget.since == .min || now - state.budget.since >= Self.budgetAge
        }
        let bytes = isDue ? store.bodyBytes / 4 : nil
        state.withLock { state in
            if let bytes { state.budget = (max(1 << 20, bytes.multiplied(by: max(1, state.names.count))), now) }
            guard state.checkpoints > state.budget.bytes else { return }
            state.dropCheckpoints(to: state.budget.bytes / 10 * 9)
        }
    }
}

extension Int {
    fileprivate func multiplied(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
