package import NIOCore

/// Turns scrapes into record payloads.
///
/// Owns a compressor's working memory. Every scrape becomes a keyframe for now; the kind that is returned is the one the
/// record must have.
package struct ScrapeEncoder {
    /// Shorter bodies are stored as they are.
    private static let smallestCompressed = 64

    private let level: Int32
    private var compressor: CompressionContext?

    package init(level: Int32 = 1) { self.level = level }

    /// Appends the payload of a record whose header's time is `record.timestamp`; returns the record's kind.
    package mutating func encode(_ record: ScrapeRecord, into payload: inout ByteBuffer) -> UInt8 {
        KeyframePayload.writeFields(of: record, into: &payload)
        payload.writeVarint(UInt64(record.body.readableBytes))
        let mark = payload.writerIndex
        if record.body.readableBytes >= Self.smallestCompressed {
            compressor = compressor ?? CompressionContext(level: level)
            payload.writeInteger(KeyframePayload.BodyEncoding.zstd.rawValue)
            if let count = try? compressor?.compress(record.body, into: &payload), count < record.body.readableBytes {
                return KeyframePayload.kind
            }
            payload.moveWriterIndex(to: mark)
        }
        payload.writeInteger(KeyframePayload.BodyEncoding.raw.rawValue)
        payload.writeImmutableBuffer(record.body)
        return KeyframePayload.kind
    }
}
