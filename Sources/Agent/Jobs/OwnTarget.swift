import Relabeling
import Settings

/// The target under which the agent's own metrics travel.
enum OwnTarget {
    /// Marks it: nothing else has this scheme, and nothing is dialled for it.
    static let scheme = "culvert"

    static func target(name: String, global: GlobalSettings) -> Target {
        Target(
            labels: Labels([("job", "culvert-agent"), ("instance", name)]), jobName: "culvert-agent",
            scheme: scheme, address: name, metricsPath: "/metrics", interval: min(global.scrapeInterval, 15_000),
            timeout: min(global.scrapeTimeout, global.scrapeInterval, 15_000))
    }
}
