import NIOCore

/// What a scrape's record says before its body: flags, then what they announce.
///
/// `u8 flags · [zigzag scheduled − time] · varint duration · [u8 outcome · varint status · message] · [content type] ·
/// [varint scraped + 1, or 0 · varint kept] · u8 body encoding · [zigzag bytes of the body − bytes of the previous one]`.
/// A content type, or counts of samples, that are not there are those of the target's previous record; a keyframe always has
/// the one, and none of the other unless it says so. Counts came with version 3 of the log's format.
struct ScrapeHead {
    private static let isLate: UInt8 = 1
    private static let hasOutcome: UInt8 = 2
    private static let hasContentType: UInt8 = 4
    private static let hasCounts: UInt8 = 8
    private static let known: UInt8 = 15

    /// Clipped to these when written, so that what is written can be read.
    static let maximumMessageBytes = 1024
    static let maximumContentTypeBytes = 64 << 10

    var summary: ScrapeSummary
    var encoding: BodyEncoding
    /// Nil when the previous one holds.
    var contentType: String?
    /// Whether the counts in the summary are news: otherwise the previous ones hold.
    var hasCounts = false

    // MARK: Writing

    /// - Parameters:
    ///   - contentType: nil when it is that of the previous record.
    ///   - hasCounts: whether the record's counts differ from those of the previous record.
    ///   - previousBytes: length of the target's previous body, 0 in a keyframe.
    static func write(
        _ record: ScrapeRecord, contentType: String?, hasCounts: Bool, encoding: BodyEncoding, previousBytes: Int,
        into payload: inout ByteBuffer
    ) {
        let lead = record.scheduled &- record.timestamp
        var flags: UInt8 = lead == 0 ? 0 : isLate
        if record.outcome != .success { flags |= hasOutcome }
        if contentType != nil { flags |= hasContentType }
        if hasCounts { flags |= Self.hasCounts }
        payload.writeInteger(flags)
        if lead != 0 { payload.writeZigzag(lead) }
        payload.writeVarint(UInt64(record.duration))
        if record.outcome != .success {
            payload.writeInteger(record.outcome.code.rawValue)
            payload.writeVarint(UInt64(record.outcome.status))
            payload.writeCounted(clipped(record.outcome.message, to: maximumMessageBytes))
        }
        if let contentType { payload.writeCounted(contentType) }
        if hasCounts {
            payload.writeVarint(record.counts.map { UInt64($0.scraped) + 1 } ?? 0)
            payload.writeVarint(UInt64(record.counts?.kept ?? 0))
        }
        payload.writeInteger(encoding.rawValue)
        if encoding != .none { payload.writeZigzag(Int64(record.body.readableBytes &- previousBytes)) }
    }

    static func clipped(_ string: String, to limit: Int) -> String {
        guard string.utf8.count > limit else { return string }
        var end = string.utf8.index(string.startIndex, offsetBy: limit)
        while end.samePosition(in: string.unicodeScalars) == nil { end = string.utf8.index(before: end) }
        return String(string[..<end])
    }

    // MARK: Reading

    /// Reads the head and leaves the body's bytes in `payload`.
    init(
        reading payload: inout ByteBuffer, time: Int64, previousBytes: Int, maximumBytes: Int
    ) throws(ScrapeCodecError) {
        guard let flags: UInt8 = payload.readInteger(), flags & ~Self.known == 0 else {
            throw ScrapeCodecError(code: .malformed, message: "unknown flags, or none", culprit: "scrape")
        }
        var summary = ScrapeSummary(
            scheduled: time, timestamp: time, duration: 0, outcome: .success, contentType: "", bodyBytes: 0)
        if flags & Self.isLate != 0 { summary.scheduled = time &+ (try payload.readZigzag("scheduled time")) }
        summary.duration = UInt32(clamping: try payload.readVarint("duration"))
        if flags & Self.hasOutcome != 0 { summary.outcome = try Self.outcome(&payload) }
        if flags & Self.hasContentType != 0 {
            let text = try payload.readCounted("content type")
            guard text.readableBytes <= Self.maximumContentTypeBytes else {
                throw ScrapeCodecError(
                    code: .tooLarge, message: "\(text.readableBytes) bytes of content type", culprit: "scrape")
            }
            contentType = try text.utf8String("content type")
        }
        if flags & Self.hasCounts != 0 {
            hasCounts = true
            summary.counts = try Self.counts(&payload)
        }
        guard let code: UInt8 = payload.readInteger() else {
            throw ScrapeCodecError(code: .malformed, message: "no body encoding", culprit: "scrape")
        }
        guard let encoding = BodyEncoding(rawValue: code) else {
            throw ScrapeCodecError(code: .unsupported, message: "unknown body encoding \(code)", culprit: "scrape")
        }
        if encoding != .none {
            let bytes = Int64(previousBytes).addingReportingOverflow(try payload.readZigzag("body length"))
            guard !bytes.overflow, (0...Int64(maximumBytes)).contains(bytes.partialValue) else {
                throw ScrapeCodecError(
                    code: .tooLarge, message: "a body of \(bytes.partialValue) bytes; expected 0 to \(maximumBytes)",
                    culprit: "scrape")
            }
            summary.bodyBytes = Int(bytes.partialValue)
        }
        self.summary = summary
        self.encoding = encoding
    }

    private static func counts(_ payload: inout ByteBuffer) throws(ScrapeCodecError) -> SampleCounts? {
        let scraped = try payload.readVarint("samples")
        let kept = try payload.readVarint("samples kept")
        guard scraped > 0 else { return nil }
        return SampleCounts(scraped: UInt32(clamping: scraped - 1), kept: UInt32(clamping: kept))
    }

    private static func outcome(_ payload: inout ByteBuffer) throws(ScrapeCodecError) -> ScrapeOutcome {
        guard let byte: UInt8 = payload.readInteger(), let code = ScrapeOutcome.Code(rawValue: byte) else {
            throw ScrapeCodecError(code: .unsupported, message: "an unknown outcome", culprit: "scrape")
        }
        guard let status = UInt16(exactly: try payload.readVarint("status")) else {
            throw ScrapeCodecError(code: .malformed, message: "a status beyond 65535", culprit: "scrape")
        }
        let message = try payload.readCounted("message")
        guard message.readableBytes <= maximumMessageBytes else {
            throw ScrapeCodecError(code: .tooLarge, message: "a message too long", culprit: "scrape")
        }
        return ScrapeOutcome(code: code, status: status, message: try message.utf8String("message"))
    }
}
