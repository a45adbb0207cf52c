package import NIOCore
package import ScrapeCodec

/// The newest scrape of a target, not yet decoded: what a replica record says of it, and the bytes to decode when
/// somebody reads it.
package struct StoredScrape: Sendable {
    /// Counts the scrapes of a target as they arrive.
    var sequence: UInt64 = 0
    /// Everything but the body.
    package var record: ScrapeRecord
    /// Length of the decoded body, bytes.
    package var bodyBytes: Int
    /// Decodes the body; called at most once per scrape, on a reader's thread.
    package var decode: @Sendable () throws -> ByteBuffer

    package init(record: ScrapeRecord, bodyBytes: Int, decode: @escaping @Sendable () throws -> ByteBuffer) {
        self.record = record
        self.bodyBytes = bodyBytes
        self.decode = decode
    }
}
