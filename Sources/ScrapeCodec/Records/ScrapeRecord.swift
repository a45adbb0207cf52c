package import NIOCore

/// The result of one scrape attempt of one target, as it is logged, sent and shown.
package struct ScrapeRecord: Sendable, Hashable {
    /// When the schedule wanted the scrape to start, milliseconds since the Unix epoch, agent's clock.
    package var scheduled: Int64
    /// The scrape's own time (its start, aligned to the schedule when late by a hair), milliseconds, agent's clock.
    package var timestamp: Int64
    /// From start to the last byte or the failure, microseconds.
    package var duration: UInt32
    package var outcome: ScrapeOutcome
    /// The Content-Type header exactly as the target sent it; empty when it sent none.
    package var contentType: String
    /// The body after content decoding, byte for byte; empty on failure.
    package var body: ByteBuffer
    /// Where the body does not show them: when rules took samples away, the scrape failed after it was read, or the body is
    /// no text. Nil: as many as the body has lines with samples.
    package var counts: SampleCounts?

    package init(
        scheduled: Int64, timestamp: Int64, duration: UInt32, outcome: ScrapeOutcome, contentType: String,
        body: ByteBuffer
    ) {
        self.scheduled = scheduled
        self.timestamp = timestamp
        self.duration = duration
        self.outcome = outcome
        self.contentType = contentType
        self.body = body
    }
}
