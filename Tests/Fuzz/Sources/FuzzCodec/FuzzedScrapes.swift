import NIOCore
import ScrapeCodec

/// The fuzzer's input as scrapes: each a byte of choices, a byte that damages its record, a body up to `0x1E 0x1E`.
///
/// Each scrape goes through `CodecLaws`, and its damaged record into a decoder of its own, which may refuse it but must
/// understand the keyframe that follows.
enum FuzzedScrapes {
    /// Lowest bits of the choices: the Content-Type.
    static let contentTypes = [
        "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "",
        "text/html", "caf\u{E9}", "cafe\u{301}", "TEXT/PLAIN;;=\"",
    ]
    static let beginsSegment: UInt8 = 8
    static let forgets: UInt8 = 16
    static let isSecondTarget: UInt8 = 32
    static let isWhole: UInt8 = 64
    static let fails: UInt8 = 128

    /// So small that every limit is met. Chosen by the input's first byte, when it is odd.
    static let tiny = CodecLimits(bodyBytes: 1 << 20, bodyLines: 24, dictionaryLines: 5, dictionaryBytes: 120)

    /// The first law that an input breaks, in words.
    static func broken(by input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let limits = first & 1 == 1 ? tiny : CodecLimits(bodyBytes: 1 << 20)
        var laws = CodecLaws(limits: limits)
        var victim = ScrapeDecoder(limits: limits)
        var rest = input.dropFirst()
        var position: UInt64 = 1
        while let choices = rest.popFirst() {
            let damage = rest.popFirst() ?? 0
            let record = record(body(&rest), choices)
            let target: UInt32 = choices & isSecondTarget != 0 ? 2 : 1
            if choices & beginsSegment != 0 {
                laws.beginSegment()
                victim.beginSegment()
            }
            if choices & forgets != 0 { laws.forget(target) }
            if let broken = laws.broken(by: record, of: target, whole: choices & isWhole != 0) { return broken }
            guard let scrape = laws.encoded else { return "nothing encoded" }
            if let broken = broken(&victim, scrape, target, damage, &position, limits) { return broken }
        }
        return nil
    }

    private static func body(_ rest: inout ArraySlice<UInt8>) -> ByteBuffer {
        var index = rest.startIndex
        while index < rest.endIndex, !(rest[index] == 0x1E && rest[index...].dropFirst().first == 0x1E) { index += 1 }
        defer { rest = rest[index...].dropFirst(2) }
        return ByteBuffer(bytes: rest[..<index])
    }

    private static func record(_ body: ByteBuffer, _ choices: UInt8) -> ScrapeRecord {
        ScrapeRecord(
            scheduled: choices & fails != 0 ? 3 : 5, timestamp: 5, duration: UInt32(choices),
            outcome: choices & fails != 0 ? ScrapeOutcome(code: .timedOut, message: "no answer") : .success,
            contentType: contentTypes[Int(choices & 7)], body: body)
    }

    /// Decodes a damaged record: an error, or a body of the declared length; then a good keyframe.
    private static func broken(
        _ victim: inout ScrapeDecoder, _ scrape: EncodedScrape, _ target: UInt32, _ damage: UInt8,
        _ position: inout UInt64, _ limits: CodecLimits
    ) -> String? {
        var payload = scrape.payload
        if damage > 0, payload.readableBytes > 0 {
            let index = payload.readerIndex + Int(damage >> 3) * max(1, payload.readableBytes / 32)
            if let byte = payload.getInteger(at: index, as: UInt8.self) {
                payload.setInteger(byte ^ 1 << (damage & 7), at: index)
            }
        }
        _ = try? victim.addLines(scrape.lines)
        position += 1
        if let broken = brokenBound(&victim, scrape.kind, target, position, payload, limits) { return broken }
        // A third target is never damaged.
        guard damage & 7 == 7 else { return nil }
        return RecordLaws.brokenRecovery(&victim, [target, 3], position)
    }

    private static func brokenBound(
        _ victim: inout ScrapeDecoder, _ kind: UInt8, _ target: UInt32, _ position: UInt64, _ payload: ByteBuffer,
        _ limits: CodecLimits
    ) -> String? {
        RecordLaws.broken(&victim, kind: kind, target, position: position, distance: 1, payload, limits)
    }
}
