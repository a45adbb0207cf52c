import TestSupport
import Testing
import Views

@Suite struct ReadRuleTests {
    private let rule = ReadRule(interval: 5_000, timeout: 3_000)
    private let newest = ReadRule.Newest(sequence: 7, scheduled: 100_000)

    @Test func `a newcomer between scrapes is served at once`() {
        #expect(rule.decide(newest: newest, lastGiven: nil, now: 102_000) == .serve)
    }

    @Test func `a newcomer waits for a scrape that has started, as long as it can take`() {
        #expect(rule.decide(newest: newest, lastGiven: nil, now: 105_000) == .wait(until: 108_500))
        #expect(rule.decide(newest: newest, lastGiven: nil, now: 105_400) == .wait(until: 108_500))
    }

    @Test func `nobody waits for a scrape that should have arrived long ago`() {
        #expect(rule.decide(newest: newest, lastGiven: 7, now: 108_500) == .serve)
    }

    @Test func `a reader that has not seen the newest scrape gets it, even while the next is under way`() {
        #expect(rule.decide(newest: newest, lastGiven: 6, now: 105_100) == .serve)
    }

    @Test func `a reader just ahead of the next scrape waits for it instead of getting the same one twice`() {
        #expect(rule.decide(newest: newest, lastGiven: 7, now: 104_900) == .wait(until: 108_500))
        #expect(rule.decide(newest: newest, lastGiven: 7, now: 104_000) == .serve)
    }

    @Test func `before the first scrape nobody waits`() {
        #expect(rule.decide(newest: nil, lastGiven: nil, now: 0) == .serve)
    }

    @Test func `times at the ends of the number range do not trap`() {
        let edge = ReadRule.Newest(sequence: .max, scheduled: .max)
        _ = rule.decide(newest: edge, lastGiven: .max, now: .min)
        _ = ReadRule(interval: .max, timeout: .max).decide(newest: newest, lastGiven: 7, now: .max)
        _ = rule.decide(newest: .init(sequence: 1, scheduled: .min), lastGiven: 1, now: .max)
    }

    /// A reader at the target's own interval, with jitter, at any phase, over scrapes that take their time: every scrape
    /// is read once and only once.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func `a reader at the same interval sees every scrape once, whatever its phase`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rule = ReadRule(interval: 5_000, timeout: 4_000)
        for _ in 0..<200 {
            let phase = Int64.random(in: 0..<5_000, using: &random)
            let jitter = Int64.random(in: 0...20, using: &random)
            let slowness = Int64.random(in: 1...1_500, using: &random)
            var lastGiven: UInt64?
            var steps: [Int64] = []
            for round in 2..<60 {
                let now = Int64(round) * 5_000 + phase + Int64.random(in: -jitter...jitter, using: &random)
                let arrival: (Int64) -> Int64 = { $0 * 5_000 + slowness + $0 * 37 % 30 }
                var scrape = now / 5_000
                while arrival(scrape) > now { scrape -= 1 }
                let decision = rule.decide(
                    newest: .init(sequence: UInt64(scrape), scheduled: scrape * 5_000), lastGiven: lastGiven, now: now)
                let given = decision == .serve ? scrape : scrape + 1
                if let lastGiven { steps.append(given - Int64(lastGiven)) }
                lastGiven = UInt64(given)
            }
            // The first step may settle the phase; from then on each read is the next scrape.
            #expect(
                steps.dropFirst().allSatisfy { $0 == 1 },
                "seed \(seed) phase \(phase) jitter \(jitter) slow \(slowness): \(steps)")
        }
    }
}
