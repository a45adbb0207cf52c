package import Relabeling

/// What an agent says of one of its targets: enough to list it, name it and schedule reads of it.
package struct TargetDescription: Sendable, Hashable {
    /// The agent's final labels, `job` and `instance` among them; no stamps.
    package var labels: Labels
    package var jobName: String
    /// The address scraped, for people.
    package var url: String
    package var address: String
    /// Milliseconds.
    package var interval: Int64
    package var timeout: Int64
    package var honorLabels: Bool

    package init(
        labels: Labels, jobName: String, url: String, address: String, interval: Int64, timeout: Int64,
        honorLabels: Bool
    ) {
        self.labels = labels
        self.jobName = jobName
        self.url = url
        self.address = address
        self.interval = max(interval, 1)
        self.timeout = max(timeout, 1)
        self.honorLabels = honorLabels
    }
}
