import PrometheusInstrumentation
import ScrapeLog
import Tunnel

/// The metrics of what each collector has of the log, and of what is on its way there.
struct ReplicationMetrics: Sendable {
    private let unacknowledged: MetricFamily<Gauge>
    private let unacknowledgedSeconds: MetricFamily<Gauge>
    private let oldest: MetricFamily<Gauge>
    private let sentLive: MetricFamily<Counter>
    private let sentBacklog: MetricFamily<Counter>
    private let gaps: MetricFamily<Counter>
    private let gapBytes: MetricFamily<Counter>
    private let lostScrapes: MetricFamily<Counter>
    private let state: MetricFamily<Gauge>

    /// What a tunnel is doing.
    enum State: String, CaseIterable {
        case dialling, connected, waiting
    }

    init(_ registry: MetricsRegistry) throws {
        unacknowledged = try registry.gauge(
            "culvert_log_unacknowledged_bytes", help: "Log bytes the collector has not acknowledged.",
            labels: ["collector"])
        unacknowledgedSeconds = try registry.gauge(
            "culvert_log_unacknowledged_seconds",
            help: "Age of the oldest record the collector has not acknowledged; 0 when it has everything.",
            labels: ["collector"])
        oldest = try registry.gauge(
            "culvert_log_oldest_unacknowledged_timestamp_seconds",
            help:
                "When the oldest record was logged that the collector has not acknowledged; 0 when it has everything.",
            labels: ["collector"])
        sentLive = try registry.counter(
            "culvert_tunnel_sent_live_bytes_total",
            help: "Log bytes sent in order or ahead of backlog, before compression.",
            labels: ["collector"])
        sentBacklog = try registry.counter(
            "culvert_tunnel_sent_backlog_bytes_total",
            help: "Log bytes of an outage sent behind live data, before compression.", labels: ["collector"])
        gaps = try registry.counter(
            "culvert_tunnel_gaps_total", help: "Gaps in the log that the collector was told of, by reason.",
            labels: ["collector", "reason"])
        gapBytes = try registry.counter(
            "culvert_tunnel_gap_bytes_total", help: "Log bytes in those gaps.", labels: ["collector", "reason"])
        lostScrapes = try registry.counter(
            "culvert_tunnel_lost_scrapes_total", help: "Scrapes in those gaps, as far as they could be counted.",
            labels: ["collector", "reason"])
        state = try registry.gauge(
            "culvert_tunnel_state", help: "1 for what the tunnel is doing: dialling, connected, or waiting to dial.",
            labels: ["collector", "state"])
    }

    /// - Parameters:
    ///   - oldest: milliseconds since the Unix epoch; nil when it has everything.
    ///   - now: likewise.
    func set(unacknowledged bytes: UInt64, oldest time: Int64?, now: Int64, collector: String) {
        unacknowledged[collector].set(Double(bytes))
        unacknowledgedSeconds[collector].set(time.map { Double(max(0, now - $0)) / 1e3 } ?? 0)
        oldest[collector].set(time.map { Double($0) / 1e3 } ?? 0)
    }

    func sent(live: UInt64, backlog: UInt64, collector: String) {
        sentLive[collector].increment(by: Int(clamping: live))
        sentBacklog[collector].increment(by: Int(clamping: backlog))
    }

    func confirmed(_ confirmed: [Frame.Gap], collector: String) {
        for gap in confirmed {
            let reason = Self.word(gap.reason)
            gaps[collector, reason].increment()
            gapBytes[collector, reason].increment(by: Int(clamping: gap.range.count))
            lostScrapes[collector, reason].increment(by: Int(clamping: gap.scrapes))
        }
    }

    func set(_ new: State, collector: String) {
        for each in State.allCases { state[collector, each.rawValue].set(each == new ? 1 : 0) }
    }

    /// A sentence of ours as a label's value.
    static func word(_ reason: String) -> String {
        var word = ""
        for byte in reason.utf8.prefix(64) {
            let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
            if isPlain {
                word.unicodeScalars.append(Unicode.Scalar(byte | (byte >= 0x41 ? 0x20 : 0)))
            } else if word.last != "_", !word.isEmpty {
                word += "_"
            }
        }
        return word.isEmpty ? "unknown" : word
    }
}
