import Relabeling
import ScrapeCodec

/// `/agents/{name}/metrics`: the collector's view of one agent, in the text format. Always there, whatever the agent does.
struct AgentMetricsPage {
    static func render(_ agent: AgentState, targets: [TargetState], now: Moment) -> [UInt8] {
        let facts = agent.current
        var page = TextPage()
        page.family("culvert_agent_connected", "gauge", "Whether the agent's tunnel is up.")
        page.sample("culvert_agent_connected", facts.isConnected ? 1 : 0)
        page.family(
            "culvert_agent_last_seen_timestamp_seconds", "gauge", "When the agent was last heard of; 0 for never.")
        page.sample("culvert_agent_last_seen_timestamp_seconds", seconds(facts.lastSeen ?? 0))
        page.family("culvert_agent_backlog_seconds", "gauge", "How far the newest data is behind; 0 when it is live.")
        let shortest = targets.map(\.description.interval).min() ?? 0
        page.sample(
            "culvert_agent_backlog_seconds", agent.backlogSeconds(now: now, shortestInterval: shortest))
        page.family("culvert_agent_clock_skew_seconds", "gauge", "The agent's clock minus the collector's.")
        page.sample("culvert_agent_clock_skew_seconds", Double(facts.skew ?? 0) / 1e6)
        page.family(
            "culvert_agent_certificate_not_after_timestamp_seconds", "gauge",
            "When the certificate the agent last connected with expires; 0 when it never connected.")
        page.sample(
            "culvert_agent_certificate_not_after_timestamp_seconds", Double(facts.certificateNotAfter ?? 0))
        write(targets, agent, now: now, into: &page)
        return page.bytes
    }

    private static func write(_ targets: [TargetState], _ agent: AgentState, now: Moment, into page: inout TextPage) {
        let rows = targets.map { target in
            let description = target.description
            let labels = [
                ("exported_job", description.labels["job"] ?? ""),
                ("exported_instance", description.labels["instance"] ?? ""),
                ("id", target.id.description),
            ]
            return (labels: labels, newest: target.newest?.record, isFresh: target.isFresh(at: now) ?? false)
        }
        page.family("culvert_target_up", "gauge", "Whether the target's newest scrape succeeded and is fresh.")
        for row in rows {
            let isUp = row.isFresh && row.newest?.outcome.isSuccess == true
            page.sample("culvert_target_up", row.labels, isUp ? 1 : 0)
        }
        page.family("culvert_target_scrape_duration_seconds", "gauge", "How long the target's newest scrape took.")
        for row in rows {
            guard let newest = row.newest else { continue }
            page.sample("culvert_target_scrape_duration_seconds", row.labels, Double(newest.duration) / 1e6)
        }
        page.family(
            "culvert_target_samples_scraped", "gauge", "Samples in the target's newest scrape before the job's rules.")
        for row in rows {
            guard let counts = row.newest?.counts else { continue }
            page.sample("culvert_target_samples_scraped", row.labels, Double(counts.scraped))
        }
        page.family(
            "culvert_target_samples_post_metric_relabeling", "gauge",
            "Samples in the target's newest scrape after the job's rules.")
        for row in rows {
            guard let counts = row.newest?.counts else { continue }
            page.sample("culvert_target_samples_post_metric_relabeling", row.labels, Double(counts.kept))
        }
        page.family(
            "culvert_target_last_scrape_timestamp_seconds", "gauge",
            "When the target's newest scrape started, in the collector's clock.")
        for row in rows {
            guard let newest = row.newest else { continue }
            let age = agent.age(of: newest.timestamp, at: now)
            page.sample(
                "culvert_target_last_scrape_timestamp_seconds", row.labels,
                seconds(now.wall.subtractingReportingOverflow(age).partialValue))
        }
    }

    private static func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }
}
