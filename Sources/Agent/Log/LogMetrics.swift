import PrometheusInstrumentation
import ScrapeLog

/// The metrics of the agent's log: what it holds, what it lost, how fast the disk is, and how much outage is left.
struct LogMetrics: Sendable {
    private let bytes: Gauge
    private let segments: Gauge
    private let isNormal: Gauge
    private let memoryBytes: Gauge
    private let budget: Gauge
    private let runway: Gauge
    private let appended: Counter
    private let droppedBytes: Gauge
    private let dropped: MetricFamily<Counter>
    private let failures: Counter
    private let recoveries: Counter
    private let repairedBytes: Gauge
    private let repairedSegments: Gauge
    private let setAside: Gauge
    private let missing: Gauge
    let syncDuration: Histogram
    let syncFailures: Counter

    init(_ registry: MetricsRegistry) throws {
        bytes = try registry.gauge("culvert_log_bytes", help: "Bytes that the log holds.")
        segments = try registry.gauge("culvert_log_segments", help: "Segments that the log holds.")
        isNormal = try registry.gauge(
            "culvert_log_normal",
            help: "1 while the log is where it was configured to be, 0 while a failing disk keeps it in memory.")
        memoryBytes = try registry.gauge(
            "culvert_log_memory_bytes", help: "Bytes of the log that are in memory and not on a disk.")
        budget = try registry.gauge("culvert_log_budget_bytes", help: "Bytes that the log may hold.")
        runway = try registry.gauge(
            "culvert_agent_log_runway_seconds",
            help: "How long an outage that begins now could last before the log drops something, at the present rate.")
        // Not known yet is not nothing left.
        runway.set(.nan)
        appended = try registry.counter("culvert_log_appended_bytes_total", help: "Bytes appended to the log.")
        droppedBytes = try registry.gauge(
            "culvert_log_dropped_bytes", help: "Bytes dropped since start because the log was full.")
        dropped = try registry.counter(
            "culvert_log_lost_scrapes_total",
            help: "Scrapes that the log could not keep until every collector had them, by reason.",
            labels: ["reason"])
        for reason in ["over_budget", "too_large", "storage"] { dropped[reason].increment(by: 0) }
        failures = try registry.counter(
            "culvert_log_storage_failures_total", help: "Times a disk failed under the log.")
        recoveries = try registry.counter(
            "culvert_log_storage_recoveries_total", help: "Times the log went back to a disk that had failed.")
        repairedBytes = try registry.gauge(
            "culvert_log_repaired_bytes",
            help: "Bytes cut off when the log was opened, because they were no good records.")
        repairedSegments = try registry.gauge(
            "culvert_log_repaired_segments", help: "Segments of which something was cut off when the log was opened.")
        setAside = try registry.gauge(
            "culvert_log_set_aside_segments",
            help: "Files set aside when the log was opened: of an unknown version, of another log, or unreadable.")
        missing = try registry.gauge(
            "culvert_log_missing_bytes",
            help: "Bytes that were found missing when the log was opened and that some collector does not have.")
        syncDuration = try registry.histogram(
            "culvert_log_sync_duration_seconds", help: "How long it took to make the log durable.",
            buckets: .exponential(start: 0.000_5, factor: 2, count: 14))
        syncFailures = try registry.counter(
            "culvert_log_sync_failures_total", help: "Times the log could not be made durable.")
    }

    /// - Parameter previous: the figures at the last call, for what counts up; nil for the first.
    func set(_ now: ScrapeLogStatistics, previous: ScrapeLogStatistics?, state: ScrapeLogState) {
        bytes.set(Double(now.bytesHeld))
        segments.set(Double(now.segments))
        isNormal.set(state == .normal ? 1 : 0)
        memoryBytes.set(Double(now.bytesInMemory))
        budget.set(Double(now.budget))
        appended.increment(by: now.appendedBytes, since: previous?.appendedBytes)
        droppedBytes.set(Double(now.droppedBytes))
        dropped["over_budget"].increment(by: now.droppedScrapes, since: previous?.droppedScrapes)
        dropped["too_large"].increment(by: now.droppedRecords, since: previous?.droppedRecords)
        dropped["storage"].increment(by: now.lostScrapes, since: previous?.lostScrapes)
        failures.increment(by: now.storageFailures, since: previous?.storageFailures)
        recoveries.increment(by: now.storageRecoveries, since: previous?.storageRecoveries)
        repairedBytes.set(Double(now.repairedBytes))
        repairedSegments.set(Double(now.repairedSegments))
        setAside.set(Double(now.setAsideSegments))
        missing.set(Double(now.missingBytes))
    }

    /// - Parameter isRateKnown: false while the log's growth has not been seen for long enough.
    func set(_ left: Runway, isRateKnown: Bool) {
        runway.set(isRateKnown ? left.seconds ?? .infinity : .nan)
    }
}

extension Counter {
    /// Adds what a total has grown by.
    func increment(by total: UInt64, since previous: UInt64?) {
        increment(by: Int(clamping: total - min(previous ?? 0, total)))
    }
}
