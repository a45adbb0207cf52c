import Discovery
import Relabeling
import SeriesRules
package import Settings

// What a Prometheus that reads the collector has to know of an agent's jobs.
extension AgentCheck {
    /// The job that a reader needs beside its usual one, when labels in bodies have to win over those of targets; empty
    /// when one job reads everything.
    package static func readers(_ settings: AgentSettings) -> [String] {
        let own = Set(settings.scrapeConfigs.filter(\.honorLabels).map(\.jobName))
        var changed = Set(TargetList(settings).targets.filter(\.honorLabels).map(\.jobName))
        // Of those that will be found, two labels are certain.
        let certain = Labels([("job", "job"), ("instance", "instance")])
        for job in settings.scrapeConfigs where SeriesRules.touchesTargetLabels(job.metricRelabelConfigs, certain) {
            changed.insert(job.jobName)
        }
        let jobs = settings.scrapeConfigs.map(\.jobName).filter { own.contains($0) || changed.contains($0) }
        guard !jobs.isEmpty else { return [] }
        let names = jobs.map(\.debugDescription).joined(separator: ", ")
        return [
            "\(jobs.count == 1 ? "job" : "jobs") \(names): to be read with honor_labels, by a second job of the reader:",
            "  - job_name: culvert",
            "    http_sd_configs: [{url: 'http://COLLECTOR:9480/sd?honor_labels=false'}]",
            "  - job_name: culvert-honor-labels",
            "    honor_labels: true",
            "    http_sd_configs: [{url: 'http://COLLECTOR:9480/sd?honor_labels=true'}]",
        ]
    }
}
