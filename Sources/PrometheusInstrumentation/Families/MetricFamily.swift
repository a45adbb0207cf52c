import Synchronization

/// A family of counters, gauges or histograms that differ in the values of their labels.
///
/// Owns its series: they begin to exist, at zero, when they are first asked for, and end when they are deleted. Asking
/// takes a lock for a moment; keep the handle where it matters.
///
/// ```swift
/// let dropped = try registry.counter("dropped_total", help: "Messages dropped.", labels: ["reason"])
/// dropped["queue_full"].increment()
/// ```
public final class MetricFamily<Metric: AnyObject & Sendable>: FamilySource, Sendable {
    private struct Child: Sendable {
        let values: [String]
        let labels: LabelBlock
        let metric: Metric
    }

    private struct State: Sendable {
        var children: [LabelBlock: Child] = [:]
        /// The children in the order of the page, until one comes or goes.
        var sorted: [Child]?
    }

    let header: FamilyHeader
    private let limits: SeriesLimits
    private let misuse: MisuseLedger
    private let make: @Sendable () -> Metric
    private let read: @Sendable (Metric) -> FamilySnapshot.Value
    /// Where calls go that name no series; never shown.
    private let unseen: Metric
    private let state = Mutex(State())

    init(
        header: FamilyHeader, limits: SeriesLimits, misuse: MisuseLedger, make: @escaping @Sendable () -> Metric,
        read: @escaping @Sendable (Metric) -> FamilySnapshot.Value
    ) {
        self.header = header
        self.limits = limits
        self.misuse = misuse
        self.make = make
        self.read = read
        self.unseen = make()
    }

    /// What the family is called and means.
    public var descriptor: MetricDescriptor { header.descriptor }

    /// How many series there are.
    public var count: Int { state.withLock { $0.children.count } }

    /// The series with these label values, one for each label name of the family in the same order.
    ///
    /// It is made if it is new. With the wrong number of values the answer is a handle that is never shown, and the
    /// call is counted as misuse; see ``SeriesLimits`` for what happens to the series beyond the limit.
    public subscript(_ values: String...) -> Metric { self[values: values] }

    /// The series with these label values, as ``subscript(_:)`` gives it.
    public subscript(values values: [String]) -> Metric {
        guard let labels = header.labels.block(values) else {
            misuse.record(.labelCount)
            return unseen
        }
        return state.withLock { state in
            if let child = state.children[labels] { return child.metric }
            if state.children.count < limits.maxSeries {
                return Self.insert(Child(values: values, labels: labels, metric: make()), into: &state)
            }
            misuse.record(.seriesLimit)
            return overflow(&state)
        }
    }

    /// Takes the series with these label values off the page.
    ///
    /// Handles to it go on working and are no longer shown; asking again makes a new series from zero.
    ///
    /// - Returns: whether there was such a series.
    @discardableResult
    public func delete(_ values: String...) -> Bool { delete(values: values) }

    /// Takes the series with these label values off the page, as ``delete(_:)`` does.
    @discardableResult
    public func delete(values: [String]) -> Bool {
        guard let labels = header.labels.block(values) else {
            misuse.record(.labelCount)
            return false
        }
        return state.withLock { state in
            guard state.children.removeValue(forKey: labels) != nil else { return false }
            state.sorted = nil
            return true
        }
    }

    /// Takes all series off the page that have these values for these labels, whatever their other labels say.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func delete(matching wanted: [String: String]) -> Int {
        let names = header.labels.names
        guard wanted.keys.allSatisfy(names.contains) else { return 0 }
        return state.withLock { state in
            let before = state.children.count
            state.children = state.children.filter { _, child in
                !zip(names, child.values).allSatisfy { name, value in wanted[name].map { $0 == value } ?? true }
            }
            state.sorted = nil
            return before - state.children.count
        }
    }

    /// Takes all series off the page.
    public func deleteAll() {
        state.withLock { $0 = State() }
    }

    private func overflow(_ state: inout State) -> Metric {
        // A gauge says the value of one thing; the gauges of many things have no common value.
        guard header.descriptor.type != .gauge else { return unseen }
        let values = header.labels.names.map { _ in SeriesLimits.overflowValue }
        guard let labels = header.labels.block(values) else { return unseen }
        if let child = state.children[labels] { return child.metric }
        return Self.insert(Child(values: values, labels: labels, metric: make()), into: &state)
    }

    private static func insert(_ child: Child, into state: inout State) -> Metric {
        state.children[child.labels] = child
        state.sorted = nil
        return child.metric
    }

    func snapshot() -> FamilySnapshot {
        let children = state.withLock { state in
            if let sorted = state.sorted { return sorted }
            let sorted = state.children.values.sorted { $0.labels < $1.labels }
            state.sorted = sorted
            return sorted
        }
        return FamilySnapshot(
            header: header, points: children.map { FamilySnapshot.Point(labels: $0.labels, value: read($0.metric)) })
    }
}

/// A family of counters.
public typealias CounterFamily = MetricFamily<Counter>
/// A family of gauges.
public typealias GaugeFamily = MetricFamily<Gauge>
/// A family of histograms.
public typealias HistogramFamily = MetricFamily<Histogram>
