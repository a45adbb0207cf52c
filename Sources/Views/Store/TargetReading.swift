package import NIOCore

/// The answer to a plain read of a target.
package enum TargetReading: Sendable {
    /// The body of the newest successful scrape; gzip made at most once per scrape when asked for.
    case body(ScrapeBody)
    /// The target is gone since less than two minutes: an empty exposition ends its series cleanly.
    case withdrawn
    /// No target of that name.
    case unknown
    /// Status 502, 503 or 504, and a reason in one line of ASCII.
    case unavailable(status: Int, reason: String)
}

/// A scrape's decoded body and what goes with it.
package struct ScrapeBody: Sendable {
    package var sequence: UInt64
    /// Milliseconds since the epoch, agent's clock.
    package var timestamp: Int64
    /// The same for readers: shifted to the collector's clock when the two are more than five seconds apart.
    package var readerTimestamp: Int64
    package var contentType: String
    package var bytes: ByteBuffer
    /// The same, gzipped; nil unless asked for and worth it.
    package var compressed: ByteBuffer?
}
