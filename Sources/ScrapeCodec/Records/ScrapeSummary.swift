/// Everything about a scrape but its body, read without decompressing anything.
package struct ScrapeSummary: Sendable, Hashable {
    /// Milliseconds since the Unix epoch, agent's clock, as in `ScrapeRecord`.
    package var scheduled: Int64
    package var timestamp: Int64
    /// Microseconds.
    package var duration: UInt32
    package var outcome: ScrapeOutcome
    package var contentType: String
    /// Bytes of the body after decoding, as declared.
    package var bodyBytes: Int
    /// What the agent said, or as many as there are lines with samples; nil where neither is known.
    package var counts: SampleCounts?

    package init(
        scheduled: Int64, timestamp: Int64, duration: UInt32, outcome: ScrapeOutcome, contentType: String,
        bodyBytes: Int
    ) {
        self.scheduled = scheduled
        self.timestamp = timestamp
        self.duration = duration
        self.outcome = outcome
        self.contentType = contentType
        self.bodyBytes = bodyBytes
    }
}
