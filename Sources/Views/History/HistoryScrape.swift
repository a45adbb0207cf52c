package import NIOCore
package import ScrapeCodec

/// One scrape of the kept history: what was said of it, and its exact bytes.
package struct HistoryScrape: Sendable {
    /// Behind its record in the log.
    package var cursor: HistoryCursor
    /// Times by the agent's clock, outcome, content type.
    package var summary: ScrapeSummary
    /// Empty for a scrape that failed.
    package var body: ByteBuffer

    package init(cursor: HistoryCursor, summary: ScrapeSummary, body: ByteBuffer) {
        self.cursor = cursor
        self.summary = summary
        self.body = body
    }
}
