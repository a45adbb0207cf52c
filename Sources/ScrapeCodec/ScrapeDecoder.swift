package import NIOCore

/// Turns record payloads back into scrapes, whoever wrote them.
///
/// Owns a decompressor's working memory, and allocates nothing for a body beyond `maximumBodyBytes`.
package struct ScrapeDecoder {
    /// The largest body that is accepted.
    package let maximumBodyBytes: Int
    private var decompressor: DecompressionContext?

    package init(maximumBodyBytes: Int = 64 << 20) { self.maximumBodyBytes = maximumBodyBytes }

    /// The scrape in a record's payload; `time` is the record header's.
    package mutating func decode(
        kind: UInt8, time: Int64, payload: ByteBuffer
    ) throws(ScrapeCodecError) -> ScrapeRecord {
        let keyframe = try parse(kind: kind, time: time, payload: payload)
        let summary = keyframe.summary
        return ScrapeRecord(
            scheduled: summary.scheduled, timestamp: summary.timestamp, duration: summary.duration,
            outcome: summary.outcome, contentType: summary.contentType, body: try body(of: keyframe))
    }

    /// Everything but the body, which is not touched; `time` is the record header's.
    package func decodeMeta(
        kind: UInt8, time: Int64, payload: ByteBuffer
    ) throws(ScrapeCodecError) -> ScrapeSummary {
        try parse(kind: kind, time: time, payload: payload).summary
    }

    private func parse(kind: UInt8, time: Int64, payload: ByteBuffer) throws(ScrapeCodecError) -> KeyframePayload {
        guard kind == KeyframePayload.kind else {
            throw ScrapeCodecError(code: .unsupported, message: "a record of kind \(kind) where a scrape was expected")
        }
        return try KeyframePayload(decoding: payload, time: time, maximumBodyBytes: maximumBodyBytes)
    }

    private mutating func body(of keyframe: KeyframePayload) throws(ScrapeCodecError) -> ByteBuffer {
        let length = keyframe.summary.bodyBytes
        switch keyframe.encoding {
        case .raw:
            guard keyframe.storedBody.readableBytes == length else {
                throw ScrapeCodecError(
                    code: .malformed,
                    message: "\(keyframe.storedBody.readableBytes) bytes of body; expected \(length)",
                    culprit: "keyframe")
            }
            return keyframe.storedBody
        case .zstd:
            guard let context = decompressor ?? DecompressionContext() else {
                throw ScrapeCodecError(code: .compression, message: "no memory for a decompressor")
            }
            decompressor = context
            return try context.decompress(keyframe.storedBody, exactly: length)
        }
    }
}
