import NIOCore
import Relabeling
import ScrapeCodec

/// The targets that are scraped now, encoded as the log's segments begin with them. Owns the encoded announcements.
struct TargetTable {
    private var announcements: [UInt32: ByteBuffer] = [:]
    /// The job and the URL of each, for people.
    private var origins: [UInt32: (job: String, url: String)] = [:]

    var count: Int { announcements.count }

    /// By reference, so that equal tables are equal bytes.
    var entries: [(target: UInt32, payload: ByteBuffer)] {
        announcements.sorted { $0.key < $1.key }.map { (target: $0.key, payload: $0.value) }
    }

    /// Returns the encoded announcement, or throws when a peer would refuse it.
    mutating func insert(_ target: Target, reference: UInt32) throws(ScrapeCodecError) -> ByteBuffer {
        let announcement = TargetAnnouncement(
            labels: target.labels.pairs.map { ScrapeCodec.Label(name: $0.name, value: $0.value) }, url: target.url,
            interval: target.interval, timeout: target.timeout, jobName: target.jobName,
            honorLabels: target.honorLabels, address: target.address, scheme: target.scheme,
            metricsPath: target.metricsPath, params: [])
        try announcement.validate()
        var payload = ByteBuffer()
        announcement.encode(into: &payload)
        announcements[reference] = payload
        origins[reference] = (target.jobName, target.url)
        return payload
    }

    /// Where a target comes from, and what is asked for.
    func origin(of reference: UInt32) -> (job: String, url: String)? { origins[reference] }

    mutating func remove(_ reference: UInt32) {
        origins[reference] = nil
        announcements[reference] = nil
    }
}
