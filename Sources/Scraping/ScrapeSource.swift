package import NIOCore

/// Where the body of a target comes from.
///
/// Owns nothing. The agent's own metrics are a target like any other, only that nothing listens for them.
package enum ScrapeSource: Sendable {
    /// The target's URL.
    case http
    /// A closure in this process, called on the event loop of the scrape; it must not block.
    case inProcess(@Sendable () -> (contentType: String, body: ByteBuffer))
}
