/// Observations counted in buckets: durations, sizes.
///
/// A handle to one series set. It may be kept, shared and used from any thread; observing takes no lock and no memory.
/// A page always shows a `+Inf` bucket equal to the count; the sum may be ahead or behind by the observations that are
/// being made at that moment.
public final class Histogram: Sendable {
    private let layout: BucketLayout
    private let counts: AtomicCells
    private let total = AtomicDouble()
    private let misuse: MisuseLedger

    init(layout: BucketLayout, misuse: MisuseLedger) {
        self.layout = layout
        self.counts = AtomicCells(count: layout.upperBounds.count + 1)
        self.misuse = misuse
    }

    /// Counts a value. An infinite one or one that is not a number would spoil the sum for good: it is ignored and
    /// counted as misuse.
    public func observe(_ value: Double) {
        guard value.isFinite else { return misuse.record(.notFinite) }
        counts.increment(layout.index(of: value))
        total.add(value)
    }

    /// Counts a duration in seconds, as Prometheus wants durations.
    public func observe(_ duration: Duration) {
        let parts = duration.components
        observe(Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }

    /// Runs a closure and counts how long it took, in seconds, whether it returned or threw.
    public func time<Success, Failure: Error>(
        _ body: () throws(Failure) -> Success
    ) throws(Failure) -> Success {
        let start = ContinuousClock.now
        defer { observe(ContinuousClock.now - start) }
        return try body()
    }

    /// Runs an asynchronous closure and counts how long it took, in seconds, whether it returned or threw.
    public func time<Success, Failure: Error>(
        _ body: () async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let start = ContinuousClock.now
        defer { observe(ContinuousClock.now - start) }
        return try await body()
    }

    /// How many values were counted so far.
    public var count: UInt64 { counts.values().reduce(0, &+) }

    /// The sum of the values counted so far.
    public var sum: Double { total.value }

    var state: HistogramState {
        HistogramState(counts: counts.values(), sum: total.value)
    }
}
