import NIOCore
import ScrapeCodec
import TestSupport
import Testing

/// What is known of a scrape besides its body.
@Suite struct ScrapeHeadTests {
    @Test func `every way a scrape can end comes back`() {
        var laws = CodecLaws()
        for code in ScrapeOutcome.Code.allCases {
            for status in [0, 200, 503, UInt16.max] {
                for message in ["", "why: \(code)", "é", String(repeating: "x", count: 1024)] {
                    var record = ScrapeRecord.make("a 1\n")
                    record.outcome = ScrapeOutcome(code: code, status: status, message: message)
                    #expect(laws.broken(by: record, of: 1) == nil, "\(code) \(status) \(message.prefix(9))")
                }
            }
        }
    }

    @Test func `times at their ends come back`() {
        var laws = CodecLaws()
        for time in [Int64.min, -1, 0, .max] {
            for scheduled in [Int64.min, -1, 0, .max] {
                for duration in [UInt32.min, .max] {
                    let record = ScrapeRecord(
                        scheduled: scheduled, timestamp: time, duration: duration, outcome: .success,
                        contentType: "", body: ByteBuffer(string: "a 1\n"))
                    #expect(laws.broken(by: record, of: 1) == nil, "\(time), \(scheduled)")
                }
            }
        }
    }

    @Test func `a Content-Type may change with any scrape, to one that only looks the same too`() {
        let types =
            FuzzedScrapes.contentTypes + [
                ScrapeRecord.protobufType, ScrapeRecord.protobufType + ";", "\u{1}", "text/plain\u{0}",
                String(repeating: "t", count: 65_536),
            ]
        var random = SeededGenerator(seed: 3)
        // Noise is stored raw, after an attempt to compress it.
        for body in ["a 1\n", "", nil] {
            var laws = CodecLaws()
            for first in types {
                for second in types {
                    for type in [first, second] {
                        let bytes = body.map { ByteBuffer(string: $0) } ?? random.noise(of: 80)
                        let broken = laws.broken(by: .make(bytes, contentType: type), of: 1)
                        #expect(broken == nil, "\(type.prefix(90).debugDescription)")
                    }
                }
            }
        }
    }

    @Test func `a message or Content-Type that is too long is cut between characters, and can be read`() throws {
        var encoder = ScrapeEncoder()
        var decoder = ScrapeDecoder()
        var record = ScrapeRecord.make("a 1\n", contentType: String(repeating: "é", count: 40_000))
        record.outcome = ScrapeOutcome(code: .tlsFailed, message: "x" + String(repeating: "é", count: 1000))
        let scrape = encoder.encode(record, target: 1)
        try decoder.addLines(scrape.lines)
        var summary: ScrapeSummary?
        try decoder.decode(
            kind: scrape.kind, target: 1, time: record.timestamp, position: 1, distance: 0, payload: scrape.payload
        ) { summary = $0.summary }
        #expect(summary?.outcome.message == "x" + String(repeating: "é", count: 511))
        #expect(summary?.contentType == String(repeating: "é", count: 32_768))
    }

    @Test func `noise is not blown up, and what compresses is small`() {
        var random = SeededGenerator(seed: 1)
        var laws = CodecLaws()
        let noise = random.noise(of: 1000)
        for body in [noise, random.noise(of: 1000)] {
            #expect(laws.broken(by: .make(body, contentType: ScrapeRecord.protobufType), of: 1) == nil)
            #expect((laws.encoded?.payload.readableBytes ?? .max) < 1000 + 160)
        }
        for _ in 0..<2 {
            // A copy each time, as bodies are: zstd makes nothing of a prefix that is the very memory it compresses.
            let body = ByteBuffer(bytes: noise.readableBytesView)
            #expect(laws.broken(by: .make(body, contentType: ScrapeRecord.protobufType), of: 1) == nil)
        }
        #expect((laws.encoded?.payload.readableBytes ?? .max) < 60)
    }

    @Test(arguments: [100_000, 9 << 20])
    func `a large binary body is told by what differs from the one before`(count: Int) {
        var random = SeededGenerator(seed: 2)
        var laws = CodecLaws()
        let noise = random.noise(of: 50_000)
        var body = ByteBuffer()
        while body.readableBytes < count { body.writeImmutableBuffer(noise) }
        #expect(laws.broken(by: .make(body, contentType: ScrapeRecord.protobufType), of: 1) == nil)
        body.setInteger(UInt8(7), at: count / 2)
        #expect(laws.broken(by: .make(body, contentType: ScrapeRecord.protobufType), of: 1) == nil)
        #expect((laws.encoded?.payload.readableBytes ?? .max) < 60_000)
    }
}
