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

    @Test func `counts of samples come back, and cost nothing while they stay`() throws {
        var laws = CodecLaws()
        let counts = [
            nil, SampleCounts(scraped: 0, kept: 0), SampleCounts(scraped: 9, kept: 2),
            SampleCounts(scraped: 9, kept: 2), SampleCounts(scraped: .max, kept: .max), nil,
            SampleCounts(scraped: 1, kept: 7),
        ]
        for body in ["a 1\n", "", "\u{1}"] {
            for counts in counts {
                var record = ScrapeRecord.make(body)
                record.counts = counts
                #expect(laws.broken(by: record, of: 1) == nil, "\(String(describing: counts))")
            }
        }
        var encoder = ScrapeEncoder()
        var record = ScrapeRecord.make("a 1\n")
        let plain = [encoder.encode(record, target: 1), encoder.encode(record, target: 1)]
        record.counts = SampleCounts(scraped: 300, kept: 1)
        let counted = [encoder.encode(record, target: 2), encoder.encode(record, target: 2)]
        #expect(counted[0].payload.readableBytes == plain[0].payload.readableBytes + 3)
        #expect(counted[1].payload == plain[1].payload)
    }

    @Test func `a segment of the format before says nothing of counts`() throws {
        var encoder = ScrapeEncoder()
        var record = ScrapeRecord.make("a 1\nb 2\n")
        record.counts = SampleCounts(scraped: 300, kept: 2)
        encoder.beginSegment(writesCounts: false)
        var decoder = ScrapeDecoder()
        let old = try decoder.feed(encoder.encode(record, target: 1))
        #expect(old?.summary.counts == SampleCounts(scraped: 2, kept: 2))
        encoder.beginSegment()
        decoder.beginSegment()
        let new = try decoder.feed(encoder.encode(record, target: 1), position: 9)
        #expect(new?.summary.counts == record.counts)
    }

    @Test func `without counts as many samples are told as there are lines of them`() throws {
        var encoder = ScrapeEncoder()
        var decoder = ScrapeDecoder()
        let bodies: [(text: String, samples: UInt32)] = [
            ("# HELP a b\na 1\nb{c=\"d\"} 2 1700000000000\n\n", 2), ("# HELP a b\na 2\n", 1), ("a 1\nb 2\nc 3", 3),
            ("", 0), ("a 1\nb 2\nc 3", 3), ("# only a comment\n", 0), ("c 3\n", 1),
        ]
        for (position, body) in bodies.enumerated() {
            let scrape = try decoder.feed(
                encoder.encode(.make(body.text), target: 1), position: UInt64(position) + 1)
            #expect(
                scrape?.summary.counts == SampleCounts(scraped: body.samples, kept: body.samples), "\(body.text)")
        }
        let failed = ScrapeRecord.make(ByteBuffer(), outcome: ScrapeOutcome(code: .timedOut, message: "timed out"))
        let none = try decoder.feed(encoder.encode(failed, target: 1), position: 8)
        #expect(none?.summary.counts == SampleCounts(scraped: 0, kept: 0))
        let binary = try decoder.feed(
            encoder.encode(.make("\u{1}\u{2}", contentType: ScrapeRecord.protobufType), target: 2), target: 2)
        #expect(binary?.summary.counts == nil)
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
