/// Why a call or a sample was ignored: the label values of `client_misuse_total`.
enum MisuseReason: String, Sendable, CaseIterable {
    /// A counter was to be lowered.
    case negativeIncrement = "negative_increment"
    /// Infinity or NaN, where it would spoil a total for good.
    case notFinite = "not_finite"
    /// More or fewer label values than label names.
    case labelCount = "label_count"
    /// The family has as many series as it may have.
    case seriesLimit = "series_limit"
    /// A closure or collector gave the same series twice.
    case duplicateSeries = "duplicate_series"
    /// A collector gave a sample that contradicts its own descriptors or another family.
    case inconsistentMetric = "inconsistent_metric"
    /// A collector threw.
    case collectorFailed = "collector_failed"
}
