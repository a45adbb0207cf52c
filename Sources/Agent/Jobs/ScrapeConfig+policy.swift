import Relabeling
import SeriesRules
import Settings

extension ScrapeConfig {
    /// What the job asks of the series in bodies; nil when they are left alone.
    ///
    /// - Parameter denied: what drops the metrics that never leave, whatever the job says.
    func seriesPolicy(denying denied: [RelabelRule]) -> SeriesPolicy? {
        var policy = SeriesPolicy(
            rules: metricRelabelConfigs, honorLabels: honorLabels, honorTimestamps: honorTimestamps,
            sampleLimit: limits.samples, labelLimit: limits.labels, labelNameLengthLimit: limits.labelNameLength,
            labelValueLengthLimit: limits.labelValueLength)
        policy.denied = denied
        return policy.isNeeded ? policy : nil
    }
}
