package import ScrapeCodec

/// The newest scrape of a target: what a replica record says of it, and the bytes, decoded when somebody reads them.
package struct StoredScrape: Sendable {
    /// Counts the scrapes of a target as they arrive.
    var sequence: UInt64 = 0
    /// Everything but the body.
    package var record: ScrapeRecord
    /// Length of the decoded body, bytes.
    package var bodyBytes: Int
    /// When it arrived, milliseconds of the collector's steady clock.
    package var arrived: Int64
    package var rendering: ScrapeRendering

    package init(record: ScrapeRecord, bodyBytes: Int, arrived: Int64, rendering: ScrapeRendering) {
        self.record = record
        self.bodyBytes = bodyBytes
        self.arrived = arrived
        self.rendering = rendering
    }
}
