import NIOCore

/// The payload of a keyframe record, taken apart: the summary's fields, and the body as it is stored.
///
/// `varint length of the fields · tagged fields · varint body bytes · u8 body encoding · the stored body to the end`.
/// The timestamp is the record header's time; the scheduled time is stored as its distance from that.
struct KeyframePayload {
    /// The record kind of a keyframe.
    static let kind: UInt8 = 5
    /// The most bytes of the tagged fields together.
    static let maximumFieldBytes = 128 << 10
    /// Clipped to these when written, so that what is written can be read.
    static let maximumMessageBytes = 1024
    static let maximumContentTypeBytes = 64 << 10

    /// How the body is stored.
    enum BodyEncoding: UInt8 {
        case raw = 0
        case zstd = 1
    }

    enum Tag: UInt8 {
        case scheduled = 1
        case duration, outcome, status, message, contentType
    }

    var summary: ScrapeSummary
    var encoding: BodyEncoding
    var storedBody: ByteBuffer

    static func writeFields(of record: ScrapeRecord, into payload: inout ByteBuffer) {
        var fields = ByteBuffer()
        let lead = record.scheduled &- record.timestamp
        if lead != 0 { fields.writeField(Tag.scheduled.rawValue) { $0.writeZigzag(lead) } }
        fields.writeField(Tag.duration.rawValue) { $0.writeVarint(UInt64(record.duration)) }
        if record.outcome != .success {
            fields.writeField(Tag.outcome.rawValue) { $0.writeInteger(record.outcome.code.rawValue) }
            fields.writeField(Tag.status.rawValue) { $0.writeVarint(UInt64(record.outcome.status)) }
            let message = clipped(record.outcome.message, to: maximumMessageBytes)
            if !message.isEmpty { fields.writeField(Tag.message.rawValue) { $0.writeString(message) } }
        }
        let contentType = clipped(record.contentType, to: maximumContentTypeBytes)
        if !contentType.isEmpty { fields.writeField(Tag.contentType.rawValue) { $0.writeString(contentType) } }
        payload.writeVarint(UInt64(fields.readableBytes))
        payload.writeImmutableBuffer(fields)
    }

    private static func clipped(_ string: String, to limit: Int) -> String {
        guard string.utf8.count > limit else { return string }
        var view = string.unicodeScalars[...]
        while view.utf8Count > limit { view.removeLast() }
        return String(view)
    }

    init(decoding payload: ByteBuffer, time: Int64, maximumBodyBytes: Int) throws(ScrapeCodecError) {
        var payload = payload
        var fields = try payload.readCounted("keyframe")
        guard fields.readableBytes <= Self.maximumFieldBytes else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "\(fields.readableBytes) bytes of fields", culprit: "keyframe")
        }
        summary = ScrapeSummary(
            scheduled: time, timestamp: time, duration: 0, outcome: .success, contentType: "", bodyBytes: 0)
        while let (tag, field) = try fields.readField("keyframe") {
            var content = field
            try Self.apply(Tag(rawValue: tag), &content, to: &summary)
        }
        let bodyBytes = try payload.readVarint("body length")
        guard bodyBytes <= UInt64(max(0, maximumBodyBytes)) else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "a body of \(bodyBytes) bytes; expected at most \(maximumBodyBytes)",
                culprit: "keyframe")
        }
        guard let code: UInt8 = payload.readInteger() else {
            throw ScrapeCodecError(code: .malformed, message: "no body encoding", culprit: "keyframe")
        }
        guard let encoding = BodyEncoding(rawValue: code) else {
            throw ScrapeCodecError(code: .unsupported, message: "unknown body encoding \(code)", culprit: "keyframe")
        }
        summary.bodyBytes = Int(bodyBytes)
        self.encoding = encoding
        storedBody = payload
    }

    private static func apply(
        _ tag: Tag?, _ content: inout ByteBuffer, to summary: inout ScrapeSummary
    ) throws(ScrapeCodecError) {
        switch tag {
        case .scheduled:
            summary.scheduled = summary.timestamp &+ (try content.readZigzag("scheduled time"))
        case .duration:
            summary.duration = UInt32(clamping: try content.readVarint("duration"))
        case .outcome:
            let code = try content.readVarint("outcome")
            guard let byte = UInt8(exactly: code), let outcome = ScrapeOutcome.Code(rawValue: byte) else {
                throw ScrapeCodecError(code: .unsupported, message: "unknown outcome \(code)", culprit: "keyframe")
            }
            summary.outcome.code = outcome
        case .status:
            let status = try content.readVarint("status")
            guard let status = UInt16(exactly: status) else {
                throw ScrapeCodecError(code: .malformed, message: "status \(status)", culprit: "keyframe")
            }
            summary.outcome.status = status
        case .message:
            summary.outcome.message = try content.utf8String("message")
        case .contentType:
            summary.contentType = try content.utf8String("content type")
        case nil: break
        }
    }
}

extension Substring.UnicodeScalarView {
    fileprivate var utf8Count: Int { Substring(self).utf8.count }
}
