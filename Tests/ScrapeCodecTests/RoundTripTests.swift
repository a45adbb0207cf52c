import NIOCore
import ScrapeCodec
import TestSupport
import Testing

/// Whatever is encoded comes back byte for byte, with all that is known about it. Together the first five tests try
/// more than 100,000 sequences of two to five scrapes; targets share an encoder, and segments begin at any time.
@Suite struct RoundTripTests {
    private static let sequences = 1000 * Soak.factor

    @Test(arguments: 0..<UInt64(40))
    func `sequences of scrapes whose series churn come back`(seed: UInt64) {
        Self.check(seed) { random in
            var target = GeneratedTarget(longest: 3, using: &random)
            return Self.scrapes(&random) { random, scrape in
                if scrape > 0 { target.change(using: &random) }
                let body = random.once(in: 20) ? random.mutatedBody(target.body()) : target.body()
                return .make(body, contentType: target.contentType)
            }
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func `recorded lines, mutated from scrape to scrape, come back`(seed: UInt64) throws {
        let bodies = try Fixtures.recordings().flatMap(\.bodies)
        Self.check(seed) { random in
            var body = random.lines(of: random.element(of: bodies), count: 2 + random.below(4))
            return Self.scrapes(&random) { random, _ in
                defer { body = random.mutatedBody(body) }
                return .make(body)
            }
        }
    }

    @Test(arguments: 0..<UInt64(22))
    func `arbitrary bytes under any Content-Type come back`(seed: UInt64) {
        Self.check(seed) { random in
            let type = random.element(of: FuzzedScrapes.contentTypes)
            return Self.scrapes(&random) { random, _ in
                let isOther = random.once(in: 4)
                return .make(
                    random.body(of: random.below(60)),
                    contentType: isOther ? random.element(of: FuzzedScrapes.contentTypes) : type)
            }
        }
    }

    @Test(arguments: 0..<UInt64(10))
    func `binary bodies, after others of their kind or not, come back`(seed: UInt64) {
        Self.check(seed) { random in
            var body = random.noise(of: random.below(300))
            return Self.scrapes(&random) { random, _ in
                body = random.once(in: 3) ? random.mutatedBody(body) : random.once(in: 6) ? .init() : body
                let isText = random.once(in: 8)
                return .make(body, contentType: isText ? ScrapeRecord.textType : ScrapeRecord.protobufType)
            }
        }
    }

    @Test(arguments: 0..<UInt64(10))
    func `within the smallest limits everything comes back`(seed: UInt64) {
        Self.check(seed, limits: FuzzedScrapes.tiny) { random in
            var target = GeneratedTarget(longest: 8, using: &random)
            return Self.scrapes(&random) { random, scrape in
                if scrape > 0 { target.change(using: &random) }
                return .make(target.body(), contentType: target.contentType)
            }
        }
    }

    @Test(arguments: 0..<UInt64(4))
    func `long bodies with churn come back`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var laws = CodecLaws()
        for round in 0..<4 * Soak.factor {
            var target = GeneratedTarget(longest: 400, using: &random)
            for scrape in 0..<5 {
                let broken = laws.broken(by: .make(target.body(), contentType: target.contentType), of: 1)
                if let broken { Issue.record("seed \(seed), sequence \(round), scrape \(scrape): \(broken)") }
                for _ in 0..<8 { target.change(using: &random) }
            }
        }
    }

    // MARK: Sequences

    /// Two to five scrapes; two more often than not.
    private static func scrapes(
        _ random: inout SeededGenerator, _ make: (inout SeededGenerator, Int) -> ScrapeRecord
    ) -> [ScrapeRecord] {
        let count = random.once(in: 4) ? 3 + random.below(3) : 2
        return (0..<count).map { make(&random, $0) }
    }

    /// Sends sequences through one encoder and one decoder; each is a target, or follows another as the same one.
    private static func check(
        _ seed: UInt64, limits: CodecLimits = CodecLimits(), _ sequence: (inout SeededGenerator) -> [ScrapeRecord]
    ) {
        var random = SeededGenerator(seed: seed)
        var laws = CodecLaws(limits: limits)
        for round in 0..<sequences {
            let target = UInt32(random.below(20))
            var records = sequence(&random)
            if random.once(in: 10) {
                records.insert(failure(&random), at: random.below(records.count + 1))
            }
            for (scrape, record) in records.enumerated() {
                switch random.below(100) {
                case 0: laws.beginSegment()
                case 1: laws.forget(target)
                case 2: laws.withdraw(UInt32(random.below(20)))
                default: break
                }
                guard let broken = laws.broken(by: record, of: target, whole: random.once(in: 200)) else { continue }
                let body = String(buffer: record.body).debugDescription
                Issue.record("seed \(seed), sequence \(round), scrape \(scrape): \(broken)\n\(body)")
                return
            }
        }
    }

    private static func failure(_ random: inout SeededGenerator) -> ScrapeRecord {
        var record = ScrapeRecord.make("", contentType: random.once(in: 2) ? "" : "text/html")
        record.outcome = ScrapeOutcome(
            code: random.element(of: ScrapeOutcome.Code.allCases), status: UInt16(random.below(600)), message: "no")
        record.scheduled -= Int64(random.below(3))
        return record
    }
}
