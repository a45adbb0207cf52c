import Relabeling
import ScrapeCodec
import Views

extension TargetDescription {
    private static let longestInterval: Int64 = 366 * 86_400_000

    /// What an agent's announcement says, with everything in it brought into ranges that can be relied on; and how many
    /// labels were dropped because they could pass for ours.
    static func describe(_ announcement: TargetAnnouncement) -> (TargetDescription, droppedLabels: Int) {
        let kept = announcement.labels.filter { Labels.isValidName($0.name) && !$0.name.hasPrefix("__") }
        let interval = min(max(announcement.interval, 1), longestInterval)
        let description = TargetDescription(
            labels: Labels(kept.map { ($0.name, $0.value) }), jobName: announcement.jobName, url: announcement.url,
            address: announcement.address, interval: interval, timeout: min(max(announcement.timeout, 1), interval),
            honorLabels: announcement.honorLabels)
        return (description, announcement.labels.count - kept.count)
    }
}
