import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// What a replica deletes, and what it keeps for readers.
@Suite struct ReplicaRetentionTests {
    /// A replica of one epoch in several segments, which arrived at 0, 10, 20 …
    private func replica(maximumIndexed: Int? = nil) throws -> (ReplicaLog, [HeldSegment]) {
        let log = try ScrapeLog(
            .init(storage: .memory(maximumBytes: 1 << 20), segmentBytes: 600), nowMilliseconds: 0)
        for number in 0..<60 { log.scrape(number) }
        log.flush()
        var now: Int64 = -10
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { now })
        if let maximumIndexed { replica.maximumIndexed = maximumIndexed }
        var records = try log.records()[...]
        while let first = records.first {
            let end = records.dropFirst().first { $0.header.kind == .segmentHeader }?.offset ?? log.end
            now += 10
            let bytes = try log.bytes(LogRange(epoch: log.epoch, from: first.offset, to: end))
            _ = try replica.write(epoch: log.epoch, from: first.offset, bytes: bytes)
            records = records.drop { $0.offset < end }
        }
        return (replica, replica.segments())
    }

    @Test func `what readers have not read stays until it is too old for them`() throws {
        let (replica, segments) = try replica()
        #expect(segments.count >= 6)
        let first = try #require(replica.index(of: segments[2])?.firstTime)
        let last = try #require(replica.index(of: segments[2])?.lastTime)
        #expect(first < last)
        var expired = replica.expire(RetentionRule(arrivedBefore: .max, readUntil: first))
        #expect(expired.removed.map(\.segment) == Array(segments[..<2]))
        #expect(expired.removed.allSatisfy { !$0.isUnread })
        #expect(replica.expire(RetentionRule(arrivedBefore: .min, readUntil: last)).segments == 0)
        expired = replica.expire(RetentionRule(arrivedBefore: .max, readUntil: last))
        #expect(expired.removed.map(\.segment) == [segments[2]])
        // Nobody waits for what is too old.
        #expect(expired.removed.map(\.isUnread) == [false])
        #expect(expired.bytes == segments[2].range.count)
        // Without readers, and within the history, only age counts.
        #expect(replica.expire(RetentionRule(arrivedBefore: segments[4].arrived)).segments == 1)
        #expect(replica.segments() == Array(segments[4...]))
    }

    @Test func `what readers have read goes too when where its records are was forgotten`() throws {
        let (replica, segments) = try replica(maximumIndexed: 1)
        #expect(replica.index(of: segments[2]) == nil)
        let (known, _) = try self.replica()
        let last = try #require(known.index(of: known.segments()[2])?.lastTime)
        let expired = replica.expire(RetentionRule(arrivedBefore: .max, readUntil: last))
        #expect(expired.removed.map(\.segment) == Array(segments[...2]))
    }

    @Test func `when there is no room what has been read goes first, and what was not is told`() throws {
        let (replica, segments) = try replica()
        let half = segments.count / 2
        let read = try #require(replica.index(of: segments[half - 1])?.lastTime)
        let all = replica.byteCount
        let lost = segments[0].range.count + segments[half].range.count
        var rule = RetentionRule(arrivedBefore: .min, readUntil: read)
        rule.maximumBytes = all - segments[..<half].reduce(0) { $0 + $1.range.count }
        var expired = replica.expire(rule)
        #expect(expired.removed.map(\.segment) == Array(segments[..<half]))
        #expect(expired.removed.allSatisfy { !$0.isUnread })
        rule.maximumBytes = all - segments[..<half].reduce(lost - segments[0].range.count) { $0 + $1.range.count }
        expired = replica.expire(rule)
        #expect(expired.removed.map(\.segment) == [segments[half]])
        #expect(expired.removed.map(\.isUnread) == [true])
        #expect(expired.removed.first?.index?[1].count == 8 || expired.removed.first?.index?[1].isEmpty == false)
        rule.maximumBytes = 0
        _ = replica.expire(rule)
        #expect(replica.segments() == [segments[segments.count - 1]])
    }

    @Test(arguments: 0..<UInt64(200))
    func `who uses more than the others loses first, and no more than needed`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let uses = (0..<Int.random(in: 0...12, using: &random)).map { _ in
            UInt64.random(in: 0...(1 << UInt64.random(in: 0...40, using: &random)), using: &random)
        }
        let total = uses.reduce(0, +)
        let budget = UInt64.random(in: 0...max(1, total + total / 4), using: &random)
        let limit = FairShare.limit(of: uses, within: budget)
        let left = uses.map { min($0, limit) }
        let after = left.reduce(0, +)
        #expect(after <= budget, "seed \(seed)")
        if total <= budget { #expect(left == uses, "seed \(seed)") }
        guard total > budget, let largest = uses.max() else { return }
        // Nothing is wasted but what does not divide.
        #expect(budget - after < UInt64(uses.count), "seed \(seed)")
        #expect(limit < largest, "seed \(seed)")
        // Who has less than an equal share loses nothing.
        for (use, left) in zip(uses, left) where use <= budget / UInt64(uses.count) { #expect(left == use) }
        // Who loses is left with no less than anybody else has.
        for (use, mine) in zip(uses, left) where mine < use {
            #expect(left.allSatisfy { $0 <= mine }, "seed \(seed)")
        }
    }

    @Test func `a budget is divided among those who need it`() {
        #expect(FairShare.limit(of: [], within: 0) == .max)
        #expect(FairShare.limit(of: [10, 20, 30], within: 60) == .max)
        #expect(FairShare.limit(of: [10, 100, 100], within: 110) == 50)
        #expect(FairShare.limit(of: [10, 30, 500], within: 100) == 60)
        #expect(FairShare.limit(of: [.max / 4, .max / 4], within: 1000) == 500)
    }
}
