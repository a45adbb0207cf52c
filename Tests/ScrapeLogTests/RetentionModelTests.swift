import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Retention against a model that knows every scrape: who has it, who was told that it will not come.
@Suite struct RetentionModelTests {
    private static let maximumBytes: UInt64 = 20_000

    private struct Model {
        let log: ScrapeLog
        var random: SeededGenerator
        /// By offset in its epoch, the scrapes that were appended.
        var scrapes: [(number: Int, epoch: UInt64, from: UInt64, to: UInt64)] = []
        /// By collector, what it holds, and what it was told it will not get.
        var held: [String: LogRangeSet]
        var told: [String: LogRangeSet]
        var scrapesTold: [String: Int] = [:]
        var longest = 0

        init(_ log: ScrapeLog, seed: UInt64, names: [String]) {
            self.log = log
            random = SeededGenerator(seed: seed)
            held = Dictionary(uniqueKeysWithValues: names.map { ($0, LogRangeSet()) })
            told = held
        }

        mutating func append(_ number: Int) {
            let size = Int.random(in: 20...700, using: &random)
            let before = log.end + UInt64(log.pendingBytes)
            let epoch = log.epoch
            log.scrape(number, target: UInt32.random(in: 1...3, using: &random), size: size)
            let after = log.end + UInt64(log.pendingBytes)
            scrapes.append((number, epoch, max(before, after - UInt64(size + 32)), after))
            longest = max(longest, size + 32)
        }

        /// The collector receives something it lacks, from its oldest or its newest part.
        mutating func receive(_ name: String) {
            let known = (held[name] ?? LogRangeSet()).ranges + (told[name] ?? LogRangeSet()).ranges
            let missing = log.ranges.flatMap { LogRangeSet(known).missing(from: $0) }
            guard var range = Bool.random(using: &random) ? missing.first : missing.last else { return }
            range.to = range.from + UInt64.random(in: 1...max(1, range.count), using: &random)
            // Only whole records are confirmed.
            let ends = scrapes.lazy.filter { $0.epoch == range.epoch && $0.to <= range.to && $0.to > range.from }
            guard let end = ends.last?.to else { return }
            range.to = end
            held[name]?.insert(range)
            log.acknowledged(by: name, (held[name] ?? LogRangeSet()).ranges)
        }

        mutating func tell(_ name: String) {
            let gaps = log.takeGaps(for: name)
            if Int.random(in: 0..<3, using: &random) == 0 {
                log.returnGaps(gaps, for: name)
                return
            }
            for gap in gaps {
                let range = gap.range
                #expect(told[name]?.missing(from: range) == [range], "told twice: \(range)")
                told[name]?.insert(range)
                scrapesTold[name, default: 0] += Int(gap.scrapes)
                // Confirmed later, with all the rest.
                held[name]?.insert(range)
            }
        }
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `every scrape is in the log, with its collector, or announced and counted; the budget is never exceeded`(
        seed: UInt64
    ) throws {
        let names = ["fast", "slow", "dead"]
        let storage: LogStorage = seed % 4 == 3 ? .memory(maximumBytes: Int(Self.maximumBytes)) : .directory("/log")
        let log = try MemoryDisk().run {
            try ScrapeLog(
                .init(storage: storage, maximumBytes: Self.maximumBytes, segmentBytes: 1 << 20), nowMilliseconds: 0)
        }
        log.configureCollectors(names)
        var model = Model(log, seed: seed, names: names)
        for number in 0..<600 {
            model.append(number)
            switch Int.random(in: 0..<20, using: &model.random) {
            case 0..<5: log.flush()
            case 5..<9: model.receive("fast")
            case 9: model.receive("slow")
            case 10: model.tell("fast")
            case 11: model.tell("slow")
            case 12 where Int.random(in: 0..<9, using: &model.random) == 0: model.tell("dead")
            case 13 where Int.random(in: 0..<9, using: &model.random) == 0: log.sealSegment()
            case 14 where Int.random(in: 0..<40, using: &model.random) == 0: log.beginEpoch(nowMilliseconds: 0)
            default: break
            }
            #expect(log.statistics.bytesHeld <= Self.maximumBytes, "seed \(seed)")
            if number % 150 == 0 { try check(&model, names, seed) }
        }
        log.flush()
        try check(&model, names, seed)
    }

    private func check(_ model: inout Model, _ names: [String], _ seed: UInt64) throws {
        let log = model.log
        log.flush()
        let here = LogRangeSet(log.ranges)
        for name in names {
            let gaps = log.takeGaps(for: name)
            log.returnGaps(gaps, for: name)
            let untold = LogRangeSet(gaps.map(\.range))
            var lost = 0
            for scrape in model.scrapes {
                let range = LogRange(epoch: scrape.epoch, from: scrape.from, to: scrape.to)
                let isTold = model.told[name]?.contains(range) ?? false
                let isSettled = isTold || untold.contains(range)
                let isHeld = model.held[name]?.contains(range) ?? false
                #expect(
                    here.contains(range) || isHeld || isSettled, "seed \(seed): scrape \(scrape.number) for \(name)")
                if isSettled { lost += 1 }
            }
            let counted = gaps.reduce(model.scrapesTold[name] ?? 0) { $0 + Int($1.scrapes) }
            #expect(counted == lost, "seed \(seed): \(name)")
        }
        let numbers = try log.scrapes()
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }

    @Test func `sixteen segments at least fit the budget, so that going over it costs a sixteenth`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        log.configureCollectors(["c"])
        var most: UInt64 = 0
        for number in 0..<9_000 {
            let before = log.statistics.droppedBytes
            log.scrape(number, size: 200)
            most = max(most, log.statistics.droppedBytes - before)
        }
        #expect(most <= (1 << 20) / 16 && log.statistics.segments >= 15)
        #expect(log.statistics.bytesHeld > (1 << 20) / 16 * 14)
    }

    @Test func `a log whose targets bring as much text as a segment holds is not all text`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        let targets: Range<UInt32> = 1..<60
        var keyframes = 0
        var deltas = 0
        var start: UInt64 = .max
        var known: Set<UInt32> = []
        for number in 0..<200 {
            for target in targets {
                // As the encoder does: what it knows is of this segment.
                let begins = log.makeRoom(target: target, payloadBytes: 1500, time: Int64(number))
                if begins != start { known = [] }
                start = begins
                let isNew = known.insert(target).inserted
                let text = isNew ? ByteBuffer(repeating: 7, count: 1200) : ByteBuffer()
                log.append(
                    isNew ? .keyframe : .delta, target: target, time: Int64(number),
                    payload: ByteBuffer(repeating: 1, count: isNew ? 200 : 30), lines: text)
                if isNew { keyframes += 1 } else { deltas += 1 }
            }
        }
        #expect(deltas > 20 * keyframes, "\(keyframes) keyframes, \(deltas) deltas")
    }

    @Test func `who reads a segment that is dropped under it learns so and goes on behind`() throws {
        let log = try ScrapeLog.inMemory(20_000)
        log.configureCollectors(["c"])
        for number in 0..<20 { log.scrape(number) }
        log.flush()
        var position = log.ranges[0]
        var bytes = ByteBuffer()
        position.from += UInt64(try log.read(position, maximum: 333, into: &bytes))
        for number in 20..<2000 { log.scrape(number) }
        log.flush()
        let range = log.ranges[0]
        #expect(position.from < range.from)
        position.to = log.end
        let error = #expect(throws: ScrapeLogError.self) { try log.read(position, maximum: 333, into: &bytes) }
        #expect(error?.code == .notHeld && bytes.readableBytes == 333)
        let gaps = LogRangeSet(log.takeGaps(for: "c").map(\.range))
        #expect(gaps.contains(LogRange(epoch: log.epoch, from: position.from, to: range.from)))
        #expect(try parse(try log.bytes(range), epoch: range.epoch, from: range.from).count > 100)
    }

    @Test func `what is behind is told from what is acknowledged`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        for number in 0..<10 { log.scrape(number) }
        log.flush()
        #expect(log.unacknowledged(by: "a") == log.ranges)
        #expect(log.statistics.appendedBytes == log.end)
        log.configureCollectors(["a", "b"])
        let places = try log.records().filter { $0.header.kind.isScrape }
        log.acknowledged(by: "a", [LogRange(epoch: log.epoch, from: 0, to: places[7].offset)])
        log.acknowledged(by: "b", [LogRange(epoch: log.epoch, from: 0, to: places[3].offset)])
        #expect(log.unacknowledged(by: "a") == [LogRange(epoch: log.epoch, from: places[7].offset, to: log.end)])
        #expect(log.unacknowledged(by: "b") == [LogRange(epoch: log.epoch, from: places[3].offset, to: log.end)])
        log.acknowledged(by: "a", log.ranges)
        #expect(log.unacknowledged(by: "a") == [])
        #expect(log.unacknowledged(by: "b").count == 1)
    }

    @Test func `the runway is what fits still, at the present rate`() {
        #expect(Runway(budget: 1000, held: 400, bytesPerSecond: 60).seconds == 10)
        #expect(Runway(budget: 1000, held: 2000, bytesPerSecond: 60).seconds == 0)
        #expect(Runway(budget: 1000, bytesPerSecond: 0).seconds == nil)
        #expect(Runway(budget: 1000, bytesPerSecond: -.infinity).seconds == nil)
        #expect(Runway(budget: 1000, bytesPerSecond: .nan).seconds == nil)
    }
}
