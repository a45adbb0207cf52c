import NIOCore
import ScrapeCodec

/// An encoder and a decoder back to back, and what holds for every scrape that goes through them.
///
/// Owns both ends' memory and where each target's last record stands. The fuzzer searches for what breaks a law;
/// `Tests/ScrapeCodecTests` (where this file is linked) checks them on generated bodies and on the fuzzer's corpus.
struct CodecLaws {
    private var encoder: ScrapeEncoder
    private var decoder: ScrapeDecoder
    private var position: UInt64 = 0
    private var targets: [UInt32: Target] = [:]
    /// What the last scrape became.
    private(set) var encoded: EncodedScrape?

    private struct Target {
        var position: UInt64
        var body: DecodedBody
        var bytes: ByteBuffer
        /// Whether the next record may build on this one.
        var isKnown = true
    }

    init(limits: CodecLimits = CodecLimits()) {
        encoder = ScrapeEncoder(limits: limits)
        decoder = ScrapeDecoder(limits: limits)
    }

    mutating func beginSegment() {
        encoder.beginSegment()
        decoder.beginSegment()
        for target in targets.keys { targets[target]?.isKnown = false }
    }

    /// The writer of the log gave a record up; the reader knows nothing of it.
    mutating func forget(_ target: UInt32) {
        encoder.forget(target)
        targets[target]?.isKnown = false
    }

    /// The target is gone on both sides.
    mutating func withdraw(_ target: UInt32) {
        encoder.forget(target)
        decoder.forget(target)
        targets[target] = nil
    }

    /// The first law that a scrape breaks, in words.
    mutating func broken(by record: ScrapeRecord, of target: UInt32, whole: Bool = false) -> String? {
        let scrape = whole ? encoder.encodeWhole(record, target: target) : encoder.encode(record, target: target)
        encoded = scrape
        let before = targets[target]
        if before?.isKnown != true, scrape.kind != EncodedScrape.keyframe { return "a difference without a keyframe" }
        if whole, scrape.lines.readableBytes > 0 { return "a whole body that needs lines" }
        position += 64 + UInt64(scrape.lines.readableBytes)
        var published: DecodedScrape?
        do throws(ScrapeCodecError) {
            if scrape.lines.readableBytes > 0 { try decoder.addLines(scrape.lines) }
            try decoder.decode(
                kind: scrape.kind, target: target, time: record.timestamp, position: position,
                distance: UInt32(truncatingIfNeeded: position - (before?.position ?? 0)), payload: scrape.payload
            ) { published = $0 }
        } catch {
            targets[target] = nil
            return "refused by the decoder: \(error)"
        }
        guard let published else { return "decoded without being published" }
        let broken =
            Self.brokenSummary(published.summary, record)
            ?? Self.brokenBody(published.body, record.body) ?? before.flatMap { Self.brokenPast($0, published.body) }
        if record.body.readableBytes > 0 || before == nil || scrape.kind == EncodedScrape.keyframe {
            targets[target] = Target(position: position, body: published.body, bytes: record.body)
        } else {
            targets[target]?.position = position
        }
        return broken
    }

    /// The decoded body, and then again, is the one that was encoded.
    private static func brokenBody(_ body: DecodedBody, _ expected: ByteBuffer) -> String? {
        do throws(ScrapeCodecError) {
            for _ in 0..<2 where try body.render() != expected { return "another body" }
            return nil
        } catch {
            return "no body: \(error)"
        }
    }

    private static func brokenSummary(_ summary: ScrapeSummary, _ record: ScrapeRecord) -> String? {
        // Compared by bytes: equal strings may differ in them.
        guard summary.contentType.utf8.elementsEqual(record.contentType.utf8) else { return "another content type" }
        guard summary.outcome.message.utf8.elementsEqual(record.outcome.message.utf8) else { return "another message" }
        let isSame =
            summary.scheduled == record.scheduled && summary.timestamp == record.timestamp
            && summary.duration == record.duration && summary.outcome == record.outcome
            && summary.bodyBytes == record.body.readableBytes
            && (record.counts == nil || summary.counts == record.counts)
        return isSame ? nil : "another summary"
    }

    /// A handle of the body before gives that body, or says that it is too late; a kept handle means equal bytes.
    private static func brokenPast(_ before: Target, _ body: DecodedBody) -> String? {
        if before.body.isSame(as: body), before.bytes != (try? body.render()) { return "a kept handle of other bytes" }
        do throws(ScrapeCodecError) {
            return try before.body.render() == before.bytes ? nil : "an old handle gives other bytes"
        } catch {
            return error.code == .superseded ? nil : "an old handle fails: \(error)"
        }
    }
}
