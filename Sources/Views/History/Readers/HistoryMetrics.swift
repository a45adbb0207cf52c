import PrometheusInstrumentation

/// What readers of history were given, and what was kept from them and why. Labels are the names of declared readers and
/// closed sets.
struct HistoryMetrics: Sendable {
    private let pages: MetricFamily<Counter>
    private let repeated: MetricFamily<Counter>
    private let scrapes: MetricFamily<Counter>
    private let rejected: MetricFamily<Counter>
    private let skipped: MetricFamily<Counter>
    private let conflicts: MetricFamily<Counter>
    let unreadableFiles: Counter
    let failedWrites: Counter

    init(_ registry: MetricsRegistry) throws {
        pages = try registry.counter(
            "culvert_history_pages_total", help: "Pages of history given out.", labels: ["reader"])
        repeated = try registry.counter(
            "culvert_history_repeated_pages_total",
            help: "Pages whose scrapes were offered again, because nothing showed that they had arrived.",
            labels: ["reader"])
        scrapes = try registry.counter(
            "culvert_history_scrapes_total", help: "Scrapes that readers of history have read.", labels: ["reader"])
        rejected = try registry.counter(
            "culvert_history_rejected_total",
            help: "Scrapes left out of pages of history, because Prometheus would have refused the page for them.",
            labels: ["reader"])
        skipped = try registry.counter(
            "culvert_history_skipped_total", help: "Scrapes that readers of history were not given, by reason.",
            labels: ["reader", "reason"])
        conflicts = try registry.counter(
            "culvert_history_conflicts_total",
            help: "Reads refused because two addresses read under one name in turns.", labels: ["reader"])
        unreadableFiles = try registry.counter(
            "culvert_history_unreadable_files_total",
            help: "Cursor files of readers that could not be read; those readers began anew.")
        failedWrites = try registry.counter(
            "culvert_history_write_failures_total", help: "Cursor files of readers that could not be written.")
    }

    /// Gauges that are read when the page is made.
    static func register(
        _ registry: MetricsRegistry, lags: @escaping @Sendable () -> [([String], Double)],
        checkpointBytes: @escaping @Sendable () -> Int
    ) throws {
        try registry.gauge(
            "culvert_history_lag_seconds",
            help: "How far a reader is behind the newest scrape, of the target where that is most.",
            labels: ["reader"]
        ) { lags() }
        try registry.gauge(
            "culvert_history_checkpoint_bytes", help: "Memory kept so that readers of history need not decode twice."
        ) { Double(checkpointBytes()) }
    }

    /// Every series of a reader, from its declaration on.
    func begin(_ reader: String) {
        for family in [pages, repeated, scrapes, rejected, conflicts] { family[reader].increment(by: 0) }
        for reason in ["max_age", "unreadable", "protobuf", "future", "deleted"] {
            skipped[reader, reason].increment(by: 0)
        }
    }

    func gave(_ reader: String) { pages[reader].increment() }

    func repeats(_ reader: String) { repeated[reader].increment() }

    func refused(_ reader: String) { conflicts[reader].increment() }

    /// Scrapes that are behind a reader for good.
    func count(_ reader: String, _ counts: PageCounts) {
        guard !counts.isEmpty else { return }
        scrapes[reader].increment(by: Double(counts.given))
        rejected[reader].increment(by: Double(counts.rejected))
        skipped[reader, "max_age"].increment(by: Double(counts.tooOld))
        skipped[reader, "unreadable"].increment(by: Double(counts.unreadable))
        skipped[reader, "protobuf"].increment(by: Double(counts.protobuf))
        skipped[reader, "future"].increment(by: Double(counts.future))
    }

    /// Scrapes that were deleted before a reader had read them.
    func deleted(_ reader: String, _ scrapes: Int) {
        skipped[reader, "deleted"].increment(by: Double(scrapes))
    }

    /// What the counters say of a reader.
    func totals(_ reader: String) -> (given: Double, rejected: Double, skipped: Double) {
        let reasons = ["max_age", "unreadable", "protobuf", "future", "deleted"]
        return (
            scrapes[reader].value, rejected[reader].value, reasons.reduce(0) { $0 + skipped[reader, $1].value }
        )
    }
}
