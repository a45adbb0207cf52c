import NIOCore
import ScrapeCodec
import TestSupport
import Testing

/// What real exporters gave, scrape after scrape.
@Suite struct RecordedBodiesTests {
    @Test func `all recorded bodies come back in sequence, from targets side by side`() throws {
        let recordings = try Fixtures.recordings()
        #expect(recordings.count >= 4)
        var laws = CodecLaws()
        let longest = recordings.map(\.bodies.count).max() ?? 0
        for scrape in 0..<longest {
            if scrape == 5 { laws.beginSegment() }
            for (target, recording) in recordings.enumerated() where scrape < recording.bodies.count {
                let record = ScrapeRecord.make(recording.bodies[scrape], time: 1_700_000_000_000 + Int64(scrape))
                let broken = laws.broken(by: record, of: UInt32(target))
                #expect(broken == nil, "\(recording.name), recording \(scrape)")
                let kind = scrape == 0 || scrape == 5 ? EncodedScrape.keyframe : EncodedScrape.delta
                #expect(laws.encoded?.kind == kind)
            }
        }
    }

    @Test func `a target that flips between two recordings comes back, and costs no more lines`() throws {
        for (name, bodies) in try Fixtures.recordings() {
            var laws = CodecLaws()
            var lines = 0
            for scrape in 0..<5 {
                let broken = laws.broken(by: .make(bodies[scrape % 2]), of: 1)
                #expect(broken == nil, "\(name), scrape \(scrape)")
                if scrape > 1 { lines += laws.encoded?.lines.readableBytes ?? 0 }
            }
            #expect(lines == 0, "\(name)")
        }
    }

    @Test(arguments: 0..<UInt64(2))
    func `whole recordings, mutated from scrape to scrape, come back`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for (name, bodies) in try Fixtures.recordings() {
            var laws = CodecLaws()
            var body = bodies[0]
            for scrape in 0..<4 * Soak.factor {
                let broken = laws.broken(by: .make(body), of: 1)
                #expect(broken == nil, "\(name), seed \(seed), scrape \(scrape)")
                body = random.mutatedBody(body.readableBytes > 1000 ? body : bodies[1])
            }
        }
    }

    @Test func `every recording comes back under a Content-Type that is not its own`() throws {
        var laws = CodecLaws()
        for type in FuzzedScrapes.contentTypes {
            for (name, bodies) in try Fixtures.recordings().prefix(2) {
                let broken = laws.broken(by: .make(bodies[0], contentType: type), of: 1)
                #expect(broken == nil, "\(name) as \(type)")
            }
        }
    }

    @Test func `lines that two targets share are told once`() throws {
        let body = try Fixtures.recordings()[0].bodies[0]
        var laws = CodecLaws()
        #expect(laws.broken(by: .make(body), of: 1) == nil)
        #expect((laws.encoded?.lines.readableBytes ?? 0) > body.readableBytes / 2)
        #expect(laws.broken(by: .make(body), of: 2) == nil)
        #expect(laws.encoded?.lines.readableBytes == 0)
        #expect((laws.encoded?.payload.readableBytes ?? .max) < body.readableBytes / 8)
    }
}
