import Relabeling
import SeriesRules
import Settings

/// Builds the targets of one job out of an address and labels, in Prometheus' order: labels of the target, defaults
/// of the job where there is none or an empty one, `relabel_configs`, checks, `instance`. Labels beginning with `__`
/// steer it and are then dropped.
struct TargetBuilder {
    let job: ScrapeConfig

    /// What an address becomes.
    enum Result {
        case target(Target)
        /// Which of the rules dropped it, from 0.
        case dropped(rule: Int)
    }

    func build(_ discovered: Labels) throws(TargetRejection) -> Result {
        var labels = discovered
        for (index, rule) in job.relabelConfigs.enumerated() where !rule.apply(to: &labels) {
            return .dropped(rule: index)
        }
        guard let address = labels["__address__"] else { throw TargetRejection(message: "has no address") }
        if let mistake = StaticTarget.mistake(in: address) { throw TargetRejection(message: mistake) }
        let scheme = labels["__scheme__"] ?? ""
        let interval = try duration("__scrape_interval__", in: labels)
        let timeout = try duration("__scrape_timeout__", in: labels)
        guard timeout <= interval else {
            throw TargetRejection(
                message:
                    "__scrape_timeout__: expected at most the interval \(PrometheusDuration.text(interval)), found "
                    + PrometheusDuration.text(timeout))
        }
        if labels["instance"] == nil { labels["instance"] = address }

        var target = Target(
            labels: Labels(labels.pairs.filter { !$0.name.hasPrefix("__") }.map { ($0.name, $0.value) }),
            jobName: job.jobName, scheme: scheme, address: address, metricsPath: labels["__metrics_path__"] ?? "",
            query: query(labels), interval: interval, timeout: timeout, honorLabels: job.honorLabels,
            bodySizeLimit: job.bodySizeLimit, enableCompression: job.enableCompression,
            followRedirects: job.followRedirects)
        // Only then does a reader believe what the rules make of the target's labels.
        target.honorLabels =
            job.honorLabels || SeriesRules.touchesTargetLabels(job.metricRelabelConfigs, target.labels)
        if scheme != "http", scheme != "https" {
            // A target all the same, which is down, as in Prometheus.
            target.refusal = "unsupported protocol scheme \(scheme.debugDescription)"
        }
        target.accept = job.negotiation.accept
        target.fallbackContentType = job.negotiation.fallback?.contentType ?? ""
        return .target(target)
    }

    /// The labels before relabeling.
    func discovered(address: String, labels group: Labels) -> Labels {
        var labels = group
        labels["__address__"] = address
        for (name, value) in defaults where labels[name] == nil { labels[name] = value }
        return labels
    }

    /// What the job sets where a target says nothing.
    private var defaults: [(String, String)] {
        [
            ("job", job.jobName), ("__scrape_interval__", PrometheusDuration.text(job.scrapeInterval)),
            ("__scrape_timeout__", PrometheusDuration.text(job.scrapeTimeout)), ("__metrics_path__", job.metricsPath),
            ("__scheme__", job.scheme),
        ] + job.params.compactMap { name, values in values.first.map { (Self.parameterPrefix + name, $0) } }
    }

    private static let parameterPrefix = "__param_"

    /// The parameters of the job, the first value of each replaced by the label `__param_NAME`.
    private func query(_ labels: Labels) -> String {
        var parameters = Dictionary(job.params.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
        for (name, value) in labels.pairs where name.hasPrefix(Self.parameterPrefix) {
            let key = String(name.dropFirst(Self.parameterPrefix.count))
            parameters[key] = [value] + (parameters[key] ?? []).dropFirst()
        }
        return PercentEncoding.query(parameters)
    }

    private func duration(_ name: String, in labels: Labels) throws(TargetRejection) -> Int64 {
        let text = labels[name] ?? ""
        guard let milliseconds = PrometheusDuration.milliseconds(text), milliseconds > 0 else {
            throw TargetRejection(message: "\(name): expected a duration above 0, found \(text.debugDescription)")
        }
        return milliseconds
    }
}
