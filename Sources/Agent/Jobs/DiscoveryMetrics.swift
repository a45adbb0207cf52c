import Discovery
import PrometheusInstrumentation

/// The metrics of discovery and relabeling: what was found, what was left out, what failed.
struct DiscoveryMetrics: Sendable {
    private let dropped: Gauge
    private let rejected: Gauge
    let failures: MetricFamily<Counter>

    init(_ registry: MetricsRegistry) throws {
        dropped = try registry.gauge(
            "culvert_discovery_dropped_targets", help: "Targets that relabel_configs leave out now.")
        rejected = try registry.gauge(
            "culvert_discovery_rejected_targets",
            help: "Targets that cannot be scraped because of their labels, or are scraped by another job.")
        failures = try registry.counter(
            "culvert_discovery_failures_total",
            help: "Times something was wrong with a source of targets; what it said before stays in force.",
            labels: ["job"])
    }

    func set(_ list: TargetList) {
        dropped.set(Double(list.dropped))
        rejected.set(Double(list.problems.count))
    }
}
