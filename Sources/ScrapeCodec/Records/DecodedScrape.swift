package import NIOCore

/// One scrape, read from its record; the body can be had as long as it is the target's newest.
package struct DecodedScrape: Sendable {
    package var summary: ScrapeSummary
    package var body: DecodedBody
}

/// The body of a decoded scrape, made when somebody asks. Thread-safe.
package struct DecodedBody: Sendable {
    /// Nil for an empty body.
    let target: TargetBody?
    let version: UInt64

    /// An empty body.
    package static let empty = DecodedBody(target: nil, version: 0)

    /// The body, byte for byte; throws `.superseded` when a newer one of the target has been decoded.
    package func render() throws(ScrapeCodecError) -> ByteBuffer {
        guard let target else { return ByteBuffer() }
        return try target.render(version)
    }

    /// Whether two bodies are certainly the same bytes.
    package func isSame(as other: DecodedBody) -> Bool { target === other.target && version == other.version }
}
