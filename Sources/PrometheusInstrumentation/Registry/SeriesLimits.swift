/// How many series a labelled family may have.
public struct SeriesLimits: Sendable, Hashable {
    /// The most series a family shows; at least one.
    ///
    /// Further counts and observations go to one more series whose label values are all `_overflow`; a gauge has no
    /// meaning there, so further gauges are not shown. Either is counted as misuse.
    public var maxSeries: Int

    /// The value of every label of the overflow series.
    public static let overflowValue = "_overflow"

    /// Limits, 10,000 series if nothing is said.
    public init(maxSeries: Int = 10_000) {
        self.maxSeries = max(1, maxSeries)
    }
}
