import NIOCore
import PrometheusInstrumentation
import ScrapeCodec

/// The agent's own metrics. They are rendered into the body of a target like any other and travel through the tunnel:
/// nothing inside listens.
struct AgentMetrics: Sendable {
    let registry: MetricsRegistry
    /// By the raw value of the outcome's code: looked up for every scrape.
    private let scrapes: [Counter]
    let scrapeDuration: Histogram
    let bodyBytes: Counter
    let targets: Gauge
    let bodiesInFlight: Gauge
    let connected: MetricFamily<Gauge>
    let attempts: MetricFamily<Counter>
    let disconnects: MetricFamily<Counter>
    let sentLogBytes: MetricFamily<Gauge>
    let sentFrameBytes: MetricFamily<Gauge>
    let skew: MetricFamily<Gauge>
    let roundTrip: MetricFamily<Gauge>
    let certificate: MetricFamily<Gauge>
    let log: LogMetrics
    let replication: ReplicationMetrics
    let discovery: DiscoveryMetrics
    let config: ConfigMetrics

    /// - Parameter now: seconds since the Unix epoch.
    init(version: String, now: Double) throws {
        let registry = MetricsRegistry()
        self.registry = registry
        try registry.register(ProcessCollector())
        try registry.register(BuildInfo(program: "culvert", version: version))
        let outcomes = try registry.counter(
            "culvert_scrapes_total", help: "Scrape attempts, by how they ended.", labels: ["outcome"])
        scrapes = ScrapeOutcome.Code.allCases.map { outcomes["\($0)"] }
        scrapeDuration = try registry.histogram(
            "culvert_scrape_duration_seconds", help: "How long scrape attempts took.")
        bodyBytes = try registry.counter(
            "culvert_scrape_body_bytes_total", help: "Bytes of scraped bodies, uncompressed.")
        targets = try registry.gauge("culvert_targets", help: "Targets that are scraped.")
        bodiesInFlight = try registry.gauge(
            "culvert_scrape_bodies_in_flight_bytes", help: "Bytes of bodies that are being received.")
        connected = try registry.gauge(
            "culvert_tunnel_connected", help: "Whether this collector has welcomed the agent.", labels: ["collector"])
        attempts = try registry.counter(
            "culvert_tunnel_connect_attempts_total", help: "Dials of a collector, by result.",
            labels: ["collector", "result"])
        disconnects = try registry.counter(
            "culvert_tunnel_disconnects_total", help: "Welcomed connections that ended, by reason.",
            labels: ["collector", "reason"])
        sentLogBytes = try registry.gauge(
            "culvert_tunnel_sent_log_bytes", help: "Log bytes sent since start, before compression.",
            labels: ["collector"])
        sentFrameBytes = try registry.gauge(
            "culvert_tunnel_sent_frame_bytes", help: "Bytes of frames sent since start, before TLS.",
            labels: ["collector"])
        skew = try registry.gauge(
            "culvert_clock_skew_seconds", help: "The collector's clock minus the agent's.", labels: ["collector"])
        roundTrip = try registry.gauge(
            "culvert_tunnel_round_trip_seconds", help: "The last measured round trip.", labels: ["collector"])
        certificate = try registry.gauge(
            "culvert_certificate_not_after_timestamp_seconds", help: "When the agent's certificate expires.",
            labels: ["collector"])
        log = try LogMetrics(registry)
        replication = try ReplicationMetrics(registry)
        discovery = try DiscoveryMetrics(registry)
        config = try ConfigMetrics(registry, now: now)
    }

    func observe(_ record: ScrapeRecord) {
        scrapes[Int(record.outcome.code.rawValue)].increment()
        scrapeDuration.observe(Double(record.duration) / 1e6)
        bodyBytes.increment(by: record.body.readableBytes)
    }
}
