/// The counts of a histogram at one moment.
struct HistogramState: Sendable {
    /// Observations per bucket, not cumulative; the last bucket is `+Inf`.
    let counts: [UInt64]
    let sum: Double
}
