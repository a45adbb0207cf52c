import Relabeling

/// `/sd`: the list of targets in the form Prometheus' `http_sd_configs` reads.
struct ServiceDiscoveryPage {
    /// What a request asks for.
    struct Filter {
        var agent: String?
        var job: String?
        var honorLabels: Bool?
        /// The reader of history that reads what is listed; it has intervals of its own.
        var history: String?
    }

    /// `host:port` that readers reach the collector at.
    var address: String
    var scheme: String
    /// In front of every path; empty or `/prefix`.
    var pathPrefix: String

    func render(_ store: TargetStore, filter: Filter) -> [UInt8] {
        var json = JSONWriter()
        json.array { json in
            for target in store.activeTargets { write(target, filter, into: &json) }
            for agent in store.agents { write(agent, filter, into: &json) }
        }
        return json.bytes
    }

    private func write(_ target: TargetState, _ filter: Filter, into json: inout JSONWriter) {
        let description = target.description
        guard filter.agent.map({ $0 == target.agent.name }) ?? true,
            filter.job.map({ $0 == description.labels["job"] ?? "" }) ?? true,
            filter.honorLabels.map({ $0 == description.honorLabels }) ?? true
        else { return }
        group(into: &json, path: "/targets/\(target.id)/metrics") { json in
            for (name, value) in description.labels.stamped(with: target.agent.stamps).pairs {
                json.string(name, value)
            }
            if let history = filter.history {
                json.string("__param_history", history)
            } else {
                json.string("__scrape_interval__", DurationText.prometheus(milliseconds: description.interval))
                json.string("__scrape_timeout__", DurationText.prometheus(milliseconds: description.timeout))
            }
            json.string("__meta_culvert_agent", target.agent.name)
            json.string("__meta_culvert_id", target.id.description)
            json.string("__meta_culvert_address", description.address)
            json.string("__meta_culvert_job", description.jobName)
            json.string("__meta_culvert_honor_labels", description.honorLabels ? "true" : "false")
        }
    }

    /// The collector's own view of an agent.
    private func write(_ agent: AgentState, _ filter: Filter, into json: inout JSONWriter) {
        guard filter.agent.map({ $0 == agent.name }) ?? true, filter.job.map({ $0 == Self.agentJob }) ?? true,
            filter.honorLabels != true
        else { return }
        let labels = Labels([("job", Self.agentJob), ("instance", agent.name)])
        group(into: &json, path: "/agents/\(agent.name)/metrics") { json in
            for (name, value) in labels.stamped(with: agent.stamps).pairs { json.string(name, value) }
            if let history = filter.history { json.string("__param_history", history) }
            json.string("__meta_culvert_agent", agent.name)
            json.string("__meta_culvert_job", Self.agentJob)
            json.string("__meta_culvert_honor_labels", "false")
        }
    }

    static let agentJob = "culvert_agent"

    private func group(into json: inout JSONWriter, path: String, labels: (inout JSONWriter) -> Void) {
        json.object { json in
            json.key("targets")
            json.array { $0.string(address) }
            json.key("labels")
            json.object { json in
                json.string("__scheme__", scheme)
                json.string("__metrics_path__", pathPrefix + path)
                labels(&json)
            }
        }
    }
}
