import PrometheusInstrumentation

/// Whether the configuration in force is the one in the file, under names like Prometheus' own.
struct ConfigMetrics: Sendable {
    private let isSuccessful: Gauge
    private let successTime: Gauge

    /// - Parameter now: seconds since the Unix epoch: what was read at the start counts as a reload.
    init(_ registry: MetricsRegistry, now: Double) throws {
        isSuccessful = try registry.gauge(
            "culvert_config_last_reload_successful", help: "Whether the last reload of the configuration worked.")
        successTime = try registry.gauge(
            "culvert_config_last_reload_success_timestamp_seconds",
            help: "When the configuration in force was read.")
        reloaded(at: now)
    }

    func reloaded(at now: Double) {
        isSuccessful.set(1)
        successTime.set(now)
    }

    func failed() { isSuccessful.set(0) }
}
