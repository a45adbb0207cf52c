import NIOCore

@testable import ScrapeCodec

extension ScrapeDecoder {
    /// Decodes a record that stands right behind the target's last one, at `position`.
    @discardableResult
    mutating func feed(
        _ payload: ByteBuffer, kind: UInt8 = EncodedScrape.keyframe, target: UInt32 = 1, position: UInt64 = 1,
        distance: UInt32 = 1
    ) throws(ScrapeCodecError) -> DecodedScrape? {
        var published: DecodedScrape?
        try decode(
            kind: kind, target: target, time: 1_700_000_000_003, position: position, distance: distance,
            payload: payload
        ) { published = $0 }
        return published
    }

    /// Decodes what an encoder made, lines first.
    @discardableResult
    mutating func feed(
        _ scrape: EncodedScrape, target: UInt32 = 1, position: UInt64 = 1, distance: UInt32 = 1
    ) throws(ScrapeCodecError) -> DecodedScrape? {
        if scrape.lines.readableBytes > 0 { try addLines(scrape.lines) }
        return try feed(scrape.payload, kind: scrape.kind, target: target, position: position, distance: distance)
    }
}
