import NIOCore
import ScrapeCodec

/// What holds for a decoder whatever records it is given: an error, or a body within the limits and of the length that
/// the record declares; and the next good keyframe is understood.
enum RecordLaws {
    /// The limits of decoders that are given arbitrary records.
    static let limits = CodecLimits(
        bodyBytes: 1 << 20, bodyLines: 4096, dictionaryLines: 4096, dictionaryBytes: 1 << 16, totalLines: 8192,
        totalBytes: 1 << 20)

    /// An input as records: each a byte of choices (what it is, and of which of four targets), two bytes of length,
    /// lowest first, and the payload.
    static func broken(by input: [UInt8]) -> String? {
        var decoder = ScrapeDecoder(limits: limits)
        var rest = ByteBuffer(bytes: input)
        var ends: [UInt32: UInt64] = [:]
        var position: UInt64 = 1
        while let choices: UInt8 = rest.readInteger() {
            let length: UInt16 = rest.readInteger(endianness: .little) ?? 0
            let payload = rest.readSlice(length: min(Int(length), rest.readableBytes)) ?? ByteBuffer()
            let target = UInt32(choices >> 4 & 3)
            position += 1
            switch choices & 7 {
            case 0: decoder.beginSegment()
            case 1: decoder.forget(target)
            case 2: _ = try? decoder.addLines(payload)
            default:
                // 3 a keyframe, 4 a difference that follows, 5 one that skips a record, 6 anything, 7 a good keyframe.
                let kinds: [UInt8] = [EncodedScrape.keyframe, EncodedScrape.delta, EncodedScrape.delta, choices >> 3]
                let kind = choices & 7 < 7 ? kinds[Int(choices & 7) - 3] : EncodedScrape.keyframe
                let distance = position - (ends[target] ?? 0) + (choices & 7 == 5 ? 1 : 0)
                ends[target] = position
                let broken =
                    choices & 7 == 7
                    ? brokenRecovery(&decoder, [target], position)
                    : broken(
                        &decoder, kind: kind, target, position: position,
                        distance: UInt32(truncatingIfNeeded: distance), payload, limits)
                if let broken { return broken }
            }
        }
        return brokenRecovery(&decoder, [0, 1, 2, 3], position)
    }

    /// Decodes a record that may be anything.
    static func broken(
        _ decoder: inout ScrapeDecoder, kind: UInt8, _ target: UInt32, position: UInt64, distance: UInt32,
        _ payload: ByteBuffer, _ limits: CodecLimits
    ) -> String? {
        var published: DecodedScrape?
        do throws(ScrapeCodecError) {
            try decoder.decode(
                kind: kind, target: target, time: 5, position: position, distance: distance, payload: payload
            ) { published = $0 }
        } catch {
            return error.message.isEmpty ? "an error without words" : published.map { _ in "published, then refused" }
        }
        guard let published else { return "decoded without being published" }
        let bytes = published.summary.bodyBytes
        guard bytes <= limits.bodyBytes else { return "a body of \(bytes) bytes" }
        guard let body = try? published.body.render() else { return nil }
        return body.readableBytes == bytes ? nil : "\(body.readableBytes) bytes of body; declared were \(bytes)"
    }

    /// A good keyframe after whatever came before it.
    static func brokenRecovery(_ decoder: inout ScrapeDecoder, _ targets: [UInt32], _ position: UInt64) -> String? {
        var encoder = ScrapeEncoder()
        let body = ByteBuffer(string: "fine 1\n")
        let record = ScrapeRecord(
            scheduled: 5, timestamp: 5, duration: 0, outcome: .success, contentType: "text/plain", body: body)
        for target in targets {
            var published: DecodedScrape?
            let scrape = encoder.encodeWhole(record, target: target)
            do throws(ScrapeCodecError) {
                try decoder.decode(
                    kind: scrape.kind, target: target, time: 5, position: position, distance: 0,
                    payload: scrape.payload
                ) { published = $0 }
                guard try published?.body.render() == body else { return "another body after a good keyframe" }
            } catch {
                // The other targets may have used up all there is for one agent.
                guard error.code != .tooLarge else { continue }
                return "a good keyframe is refused: \(error)"
            }
        }
        return nil
    }
}
