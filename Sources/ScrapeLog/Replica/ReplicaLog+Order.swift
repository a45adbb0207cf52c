// The order of epochs: theirs, not that in which their bytes happen to arrive.
extension ReplicaLog {
    /// Room left in the numbers for epochs that the agent names later, because it names only its newest.
    private static let spacing: UInt64 = 1024

    /// The agent says which epochs it holds, oldest first: those of which nothing has arrived keep their places among the
    /// others, so that a backlog that arrives behind live data is older than that.
    package func noteOrder(of ids: [UInt64]) {
        reserved = [:]
        begun = []
        let known = Dictionary(epochs.map { ($0.epoch, $0.arrival) }, uniquingKeysWith: { first, _ in first })
        var run: [UInt64] = []
        var before: UInt64?
        for id in ids where !run.contains(id) {
            guard let place = known[id] else {
                run.append(id)
                continue
            }
            reserve(run, after: before, before: place)
            run = []
            before = max(before ?? 0, place)
        }
        reserve(run, after: before, before: .max)
    }

    private func reserve(_ run: [UInt64], after low: UInt64?, before high: UInt64) {
        guard !run.isEmpty else { return }
        // Without one before it, it is older than what is behind it, but newer than what the agent has no more.
        let low = low ?? epochs.lazy.map(\.arrival).filter { $0 < high }.max() ?? 0
        let count = UInt64(run.count)
        guard high > low, high - low > count else { return }
        let first = high == .max ? low &+ Self.spacing : high - count
        for (place, id) in run.enumerated() { reserved[id] = first &+ UInt64(place) }
    }

    /// Epochs of which something is known, in order.
    package var epochOrder: [UInt64] { epochs.map(\.epoch) }

    /// Where an epoch stands among the others: a number that grows; nil when nothing is known of it.
    package func order(of id: UInt64) -> UInt64? {
        epochs.first { $0.epoch == id }?.arrival ?? reserved[id]
    }

    /// The number that a new epoch gets.
    ///
    /// - Parameter sequence: the agent's own count of its epochs, where it is known.
    func arrival(of id: UInt64, sequence: UInt64?) -> UInt64 {
        if let place = reserved.removeValue(forKey: id) { return place }
        let last = max(epochs.last?.arrival ?? 0, reserved.values.max() ?? 0)
        guard let begun, let sequence else { return last &+ 1 }
        // Of two that begin while a connection lasts the later one may arrive first.
        var place = last &+ Self.spacing
        if let later = begun.filter({ $0.sequence > sequence }).map(\.place).min() {
            let earlier = (epochs.map(\.arrival) + reserved.values).filter { $0 < later }.max() ?? 0
            guard later - earlier > 1 else { return last &+ 1 }
            place = earlier + (later - earlier) / 2
        }
        if begun.count < Self.maximumEpochs { self.begun?.append((sequence, place)) }
        return place
    }

    /// Puts an epoch where its number says; returns its index.
    func enter(_ epoch: ReplicaEpoch) -> Int {
        let index = epochs.partitioningIndex { $0.arrival > epoch.arrival }
        epochs.insert(epoch, at: index)
        return index
    }
}
