/// The kind of a metric, as the TYPE line of a page names it.
public enum MetricType: String, Sendable, Hashable, CaseIterable {
    /// A total that only grows, and starts again from zero with the process.
    case counter
    /// A value that goes up and down.
    case gauge
    /// Observations counted in buckets.
    case histogram
    /// Observations with quantiles computed by the process.
    case summary
    /// Anything else.
    case untyped
}
