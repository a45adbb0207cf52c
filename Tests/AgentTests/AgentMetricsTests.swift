import NIOCore
import PrometheusInstrumentation
import ScrapeLog
import TestSupport
import Testing
import Tunnel

@testable import Agent

/// The agent's own page: what an operator of a log and its tunnels finds there.
@Suite struct AgentMetricsTests {
    private func page(_ fill: (AgentMetrics) -> Void) throws -> String {
        let metrics = try AgentMetrics(version: "test", now: 0)
        fill(metrics)
        return String(decoding: metrics.registry.render(), as: UTF8.self)
    }

    private func gap(_ scrapes: UInt64, _ reason: String) -> Frame.Gap {
        Frame.Gap(range: LogRange(epoch: 1, from: 0, to: 100), scrapes: scrapes, reason: reason)
    }

    @Test func `each collector's place in the log, with gaps by reason`() throws {
        let text = try page { metrics in
            metrics.replication.set(
                unacknowledged: 500, oldest: 1_700_000_000_000, now: 1_700_000_042_500, collector: "a:1")
            metrics.replication.set(unacknowledged: 0, oldest: nil, now: 1_700_000_042_500, collector: "b:1")
            metrics.replication.sent(live: 30, backlog: 12, collector: "a:1")
            metrics.replication.confirmed(
                [gap(5, "log over its maximum size"), gap(2, "log over its maximum size"), gap(0, "torn record")],
                collector: "a:1")
            metrics.replication.set(.dialling, collector: "a:1")
            metrics.replication.set(.connected, collector: "a:1")
        }
        for line in [
            #"culvert_log_unacknowledged_bytes{collector="a:1"} 500"#,
            #"culvert_log_unacknowledged_seconds{collector="a:1"} 42.5"#,
            #"culvert_log_oldest_unacknowledged_timestamp_seconds{collector="a:1"} 1.7e+09"#,
            #"culvert_log_unacknowledged_seconds{collector="b:1"} 0"#,
            #"culvert_tunnel_sent_live_bytes_total{collector="a:1"} 30"#,
            #"culvert_tunnel_sent_backlog_bytes_total{collector="a:1"} 12"#,
            #"culvert_tunnel_gaps_total{collector="a:1",reason="log_over_its_maximum_size"} 2"#,
            #"culvert_tunnel_gap_bytes_total{collector="a:1",reason="log_over_its_maximum_size"} 200"#,
            #"culvert_tunnel_lost_scrapes_total{collector="a:1",reason="log_over_its_maximum_size"} 7"#,
            #"culvert_tunnel_gaps_total{collector="a:1",reason="torn_record"} 1"#,
            #"culvert_tunnel_state{collector="a:1",state="connected"} 1"#,
            #"culvert_tunnel_state{collector="a:1",state="dialling"} 0"#,
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }

    @Test func `the log's figures, and a runway that is not known before it is`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        #expect(try page { _ in }.contains("culvert_agent_log_runway_seconds NaN\n"))
        log.append(.targetAnnounced, target: 1, time: 0, payload: ByteBuffer(string: "x"))
        log.flush()
        let first = log.statistics
        let text = try page { metrics in
            metrics.log.set(first, previous: nil, state: .normal)
            metrics.log.set(first, previous: first, state: .normal)
            metrics.log.set(Runway(budget: 1_000, held: 100, bytesPerSecond: 2), isRateKnown: true)
            metrics.log.syncDuration.observe(0.004)
        }
        for line in [
            "culvert_log_bytes \(first.bytesHeld)", "culvert_log_appended_bytes_total \(first.appendedBytes)",
            "culvert_log_segments 1", "culvert_log_normal 1", "culvert_log_budget_bytes 1.048576e+06",
            "culvert_agent_log_runway_seconds 450", #"culvert_log_sync_duration_seconds_bucket{le="0.004"} 1"#,
            #"culvert_log_lost_scrapes_total{reason="over_budget"} 0"#, "culvert_log_storage_failures_total 0",
            "culvert_log_repaired_bytes 0", "culvert_log_set_aside_segments 0",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }

    @Test(.enabled(if: Promtool.isInstalled)) func `promtool finds nothing wrong with the page`() throws {
        let text = try page { metrics in
            metrics.replication.set(unacknowledged: 1, oldest: 1, now: 2, collector: "a")
            metrics.replication.confirmed([gap(1, "x")], collector: "a")
        }
        let (status, messages) = try Promtool.check(Array(text.utf8))
        #expect(status == 0 || status == 3, "\(messages)")
    }
}
