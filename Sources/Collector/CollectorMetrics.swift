import PrometheusInstrumentation
import Views

/// The collector's own metrics, on `/metrics`. Labels come from authenticated identities and closed sets only.
struct CollectorMetrics: Sendable {
    let registry: MetricsRegistry
    let connections: MetricFamily<Counter>
    let disconnects: MetricFamily<Counter>
    let refused: MetricFamily<Counter>
    let contentions: MetricFamily<Counter>
    let receivedBytes: Counter
    let receivedFrames: Counter
    let replicatedBytes: Counter
    let replicatedRecords: Counter
    let expiredBytes: Counter
    /// Deleted before every reader of the history had read them.
    let expiredUnread: MetricFamily<Counter>
    /// Of what arrived: older than what is shown already.
    let olderBytes: Counter
    let gaps: MetricFamily<Counter>
    let lostScrapes: MetricFamily<Counter>
    let syncDuration: Histogram
    let syncFailures: Counter

    init(version: String) throws {
        let registry = MetricsRegistry()
        self.registry = registry
        try registry.register(ProcessCollector())
        try registry.register(BuildInfo(program: "culvert", version: version))
        connections = try registry.counter(
            "culvert_tunnel_connections_total", help: "Agents welcomed.", labels: ["agent"])
        disconnects = try registry.counter(
            "culvert_tunnel_disconnects_total", help: "Welcomed connections that ended, by reason.",
            labels: ["agent", "reason"])
        refused = try registry.counter(
            "culvert_tunnel_refused_total", help: "Connections to the tunnel port that were not welcomed, by reason.",
            labels: ["reason"])
        contentions = try registry.counter(
            "culvert_tunnel_contentions_total", help: "Claims on an identity that another instance held, by outcome.",
            labels: ["agent", "outcome"])
        receivedBytes = try registry.counter(
            "culvert_tunnel_received_bytes_total", help: "Bytes of frames received, after TLS.")
        receivedFrames = try registry.counter("culvert_tunnel_received_frames_total", help: "Frames received.")
        replicatedBytes = try registry.counter(
            "culvert_replica_bytes_total", help: "Log bytes replicated, after decompression.")
        replicatedRecords = try registry.counter("culvert_replica_records_total", help: "Log records replicated.")
        expiredBytes = try registry.counter(
            "culvert_replica_expired_bytes_total", help: "Log bytes deleted by age or size.")
        expiredUnread = try registry.counter(
            "culvert_replica_expired_unread_scrapes_total",
            help: "Scrapes deleted before every reader of the history had read them.", labels: ["agent"])
        olderBytes = try registry.counter(
            "culvert_replica_backlog_bytes_total",
            help: "Log bytes replicated behind newer ones: they are kept for readers of the history, not shown.")
        gaps = try registry.counter(
            "culvert_replica_gaps_total", help: "Ranges that an agent had to drop before they were replicated.",
            labels: ["agent"])
        lostScrapes = try registry.counter(
            "culvert_replica_lost_scrapes_total", help: "Scrapes in the ranges that agents had to drop.",
            labels: ["agent"])
        syncDuration = try registry.histogram(
            "culvert_replica_sync_duration_seconds", help: "How long passes of making replicas durable took.")
        syncFailures = try registry.counter(
            "culvert_replica_sync_failures_total", help: "Passes of making a replica durable that failed.")
    }
}

extension CollectorMetrics {
    /// Gauges that are read when the page is made.
    func register(_ store: TargetStore, _ replicas: ReplicaStore) throws {
        try registry.gauge("culvert_agents_connected", help: "Agents whose tunnel is up.") {
            Double(store.agents.count { $0.current.isConnected })
        }
        try registry.gauge("culvert_agents", help: "Agents that are known.") { Double(store.agents.count) }
        try registry.gauge("culvert_targets", help: "Targets that are known and not withdrawn.") {
            Double(store.activeTargets.count)
        }
        try registry.gauge("culvert_ready", help: "Whether target lists are complete enough to be given out.") {
            store.unreadiness() == nil ? 1 : 0
        }
        try registry.gauge("culvert_replica_bytes", help: "Log bytes held.", labels: ["agent"]) {
            replicas.sizes.map { ([$0.name], Double($0.bytes)) }
        }
        try registry.gauge(
            "culvert_replica_index_bytes", help: "Memory for finding the records of single targets.", labels: ["agent"]
        ) { replicas.indexSizes.map { ([$0.name], Double($0.bytes)) } }
        try registry.gauge(
            "culvert_replica_damaged_records", help: "Records since start that could not be decoded.", labels: ["agent"]
        ) { replicas.sizes.map { ([$0.name], Double($0.failures)) } }
    }
}
