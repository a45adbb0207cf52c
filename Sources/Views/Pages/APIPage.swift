import Relabeling
import ScrapeCodec

/// `/api/v1/…`: JSON for programs, in Prometheus' shape where it has one.
enum APIPage {
    static func targets(_ store: TargetStore, activeOnly: Bool, droppedOnly: Bool, externalURL: (TargetState) -> String)
        -> [UInt8]
    {
        let now = store.now
        var json = JSONWriter()
        success(&json) { json in
            json.object { json in
                json.key("activeTargets")
                json.array { json in
                    guard !droppedOnly else { return }
                    for target in store.activeTargets { write(target, now, externalURL(target), into: &json) }
                }
                json.key("droppedTargets")
                json.array { _ in }
                if !activeOnly {
                    json.key("droppedTargetCounts")
                    json.object { _ in }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ target: TargetState, _ now: Moment, _ url: String, into json: inout JSONWriter) {
        let description = target.description
        let newest = target.newest?.record
        let isFresh = target.isFresh(at: now) ?? false
        json.object { json in
            json.key("discoveredLabels")
            labels(
                Labels([("__meta_culvert_agent", target.agent.name), ("__meta_culvert_id", target.id.description)]),
                into: &json)
            json.key("labels")
            labels(description.labels.stamped(with: target.agent.stamps), into: &json)
            json.string("scrapePool", description.jobName)
            json.string("scrapeUrl", description.url)
            json.string("globalUrl", url)
            json.string("lastError", lastError(newest, isFresh: isFresh, target.agent))
            json.string("lastScrape", TimeText.rfc3339(milliseconds: newest?.timestamp))
            json.key("lastScrapeDuration")
            json.number(Double(newest?.duration ?? 0) / 1e6)
            json.string("health", health(newest, isFresh: isFresh))
            json.string("scrapeInterval", DurationText.prometheus(milliseconds: description.interval))
            json.string("scrapeTimeout", DurationText.prometheus(milliseconds: description.timeout))
        }
    }

    private static func lastError(_ newest: ScrapeRecord?, isFresh: Bool, _ agent: AgentState) -> String {
        guard let newest else { return "" }
        guard isFresh else {
            return agent.current.isConnected ? "the last scrape is too old" : "the agent is not connected"
        }
        return newest.outcome.message
    }

    private static func health(_ newest: ScrapeRecord?, isFresh: Bool) -> String {
        guard let newest else { return "unknown" }
        return newest.outcome.isSuccess && isFresh ? "up" : "down"
    }

    static func agents(_ store: TargetStore) -> [UInt8] {
        let now = store.now
        var json = JSONWriter()
        success(&json) { json in
            json.object { json in
                json.key("agents")
                json.array { json in
                    for agent in store.agents { write(agent, store.targets(of: agent), now, into: &json) }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ agent: AgentState, _ targets: [TargetState], _ now: Moment, into json: inout JSONWriter)
    {
        let facts = agent.current
        json.object { json in
            json.string("name", agent.name)
            json.key("configured")
            json.bool(facts.isConfigured)
            json.key("connected")
            json.bool(facts.isConnected)
            json.string("connectedSince", TimeText.rfc3339(milliseconds: facts.connectedSince))
            json.string("lastSeen", TimeText.rfc3339(milliseconds: facts.lastSeen))
            json.string("lastDisconnect", facts.lastDisconnect ?? "")
            json.string("peer", facts.peer ?? "")
            json.string("build", facts.build ?? "")
            json.key("clockSkewSeconds")
            json.number(Double(facts.skew ?? 0) / 1e6)
            json.key("backlogSeconds")
            let shortest = targets.map(\.description.interval).min() ?? 0
            json.number(agent.backlogSeconds(now: now, shortestInterval: shortest))
            json.string(
                "certificateNotAfter", TimeText.rfc3339(milliseconds: facts.certificateNotAfter.map { $0 * 1000 }))
            json.key("targets")
            json.number(Int64(targets.count))
            json.key("stamps")
            labels(agent.stamps, into: &json)
        }
    }

    private static func labels(_ labels: Labels, into json: inout JSONWriter) {
        json.object { json in
            for (name, value) in labels.pairs { json.string(name, value) }
        }
    }

    private static func success(_ json: inout JSONWriter, _ data: (inout JSONWriter) -> Void) {
        json.object { json in
            json.string("status", "success")
            json.key("data")
            data(&json)
        }
    }
}
