import TestSupport
import Testing

@testable import Scraping

@Suite("When targets are scraped")
struct ScrapeScheduleTests {
    /// A wall clock and a monotonic clock that move together unless the test sets the first.
    private struct Clocks {
        var wall: Int64
        var monotonic: Int64 = 0

        mutating func advance(_ milliseconds: Int64) {
            wall += milliseconds
            monotonic += milliseconds
        }
    }

    @Test(
        "ticks lie at (hash XOR seed) modulo the interval, whenever the process starts", arguments: [UInt64(1), 2, 3])
    func phase(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let (hash, salt) = (random.next(), random.next())
            let interval = Int64.random(in: 1...300_000, using: &random)
            let wall = Int64.random(in: 1_600_000_000_000...2_000_000_000_000, using: &random)
            var schedule = ScrapeSchedule(hash: hash, seed: salt, interval: interval)
            let start = schedule.firstOnPhase(wall: wall)
            #expect(start.scheduled % interval == Int64((hash ^ salt) % UInt64(interval)), "seed \(seed)")
            #expect((0..<interval).contains(start.delay), "seed \(seed)")
            #expect(start.scheduled == wall + start.delay)
        }
    }

    @Test("an undisturbed target is scraped at every tick, with the tick as its timestamp")
    func steady() {
        var clocks = Clocks(wall: 1_700_000_000_123)
        var schedule = ScrapeSchedule(hash: 77, seed: 5, interval: 15_000)
        var start = schedule.firstOnPhase(wall: clocks.wall)
        var previous: Int64?
        for index in 0..<100 {
            clocks.advance(start.delay + Int64(index % 3))
            let times = schedule.begin(wall: clocks.wall, monotonic: clocks.monotonic)
            #expect(times.timestamp == start.scheduled)
            #expect(times.scheduled == start.scheduled)
            if let previous { #expect(times.timestamp == previous + 15_000) }
            previous = times.timestamp
            clocks.advance(800)
            start = schedule.next(wall: clocks.wall, monotonic: clocks.monotonic)
            #expect(start.skipped == 0)
        }
    }

    @Test("a start late by more than a hair carries its own time, and keeps its tick")
    func late() {
        var schedule = ScrapeSchedule(hash: 0, seed: 0, interval: 10_000)
        let start = schedule.firstOnPhase(wall: 999_995)
        #expect(start.scheduled == 1_000_000)
        let times = schedule.begin(wall: 1_000_003, monotonic: 8)
        #expect(times == .init(scheduled: 1_000_000, timestamp: 1_000_003))
        #expect(schedule.next(wall: 1_000_100, monotonic: 105).scheduled == 1_010_000)
    }

    @Test("a slow scrape skips the ticks it covers and counts them")
    func slow() {
        var schedule = ScrapeSchedule(hash: 0, seed: 0, interval: 1000)
        _ = schedule.firstOnPhase(wall: 1_000_000)
        _ = schedule.begin(wall: 1_000_000, monotonic: 0)
        let start = schedule.next(wall: 1_003_500, monotonic: 3500)
        #expect(start == .init(delay: 500, scheduled: 1_004_000, skipped: 3))
    }

    @Test("a target that appears is scraped within a second, then on its phase", arguments: [UInt64(4), 5])
    func appearing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var delays: [Int64] = []
        for _ in 0..<1000 {
            let interval = [200, 1000, 15_000, 60_000].randomElement(using: &random) ?? 1000
            var clocks = Clocks(wall: Int64.random(in: 1_600_000_000_000...2_000_000_000_000, using: &random))
            var schedule = ScrapeSchedule(hash: random.next(), seed: 9, interval: Int64(interval))
            let start = schedule.firstSoon(wall: clocks.wall)
            #expect((0..<min(1000, Int64(interval))).contains(start.delay), "seed \(seed)")
            if interval > 1000 { delays.append(start.delay) }
            clocks.advance(start.delay)
            let first = schedule.begin(wall: clocks.wall, monotonic: clocks.monotonic)
            let second = schedule.next(wall: clocks.wall, monotonic: clocks.monotonic)
            var again = schedule
            #expect(again.firstOnPhase(wall: second.scheduled).delay == 0, "on the phase, seed \(seed)")
            let distance = second.scheduled - first.timestamp
            #expect(distance >= Int64(interval) / 10 && distance <= Int64(interval) * 11 / 10, "seed \(seed)")
        }
        // Spread: every tenth of the second gets its share.
        for tenth in 0..<10 {
            let share = delays.count { $0 / 100 == tenth }
            #expect(share > delays.count / 20, "seed \(seed), tenth \(tenth)")
        }
    }

    @Test(
        "whatever the wall clock does, scrapes neither stall nor storm, and timestamps rise",
        arguments: (100..<130).map { UInt64($0) })
    func steps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let interval = [500, 5000, 15_000, 60_000].randomElement(using: &random).map { Int64($0) } ?? 5000
        var clocks = Clocks(wall: 1_700_000_000_000)
        var schedule = ScrapeSchedule(hash: random.next(), seed: 0, interval: interval)
        var start = schedule.firstOnPhase(wall: clocks.wall)
        var lastTimestamp = Int64.min
        var lastBegin: Int64?
        var scrapes: Int64 = 0
        var steps: Int64 = 0
        for _ in 0..<300 {
            let step = { (random: inout SeededGenerator) -> Int64 in
                guard Int.random(in: 0..<6, using: &random) == 0 else {
                    return Int64.random(in: -3...3, using: &random)
                }
                steps += 1
                return Int64.random(in: -7_200_000...7_200_000, using: &random)
            }
            clocks.wall += step(&random)
            clocks.advance(start.delay)
            let times = schedule.begin(wall: clocks.wall, monotonic: clocks.monotonic)
            scrapes += 1
            #expect(times.timestamp > lastTimestamp, "seed \(seed)")
            lastTimestamp = times.timestamp
            if let lastBegin {
                #expect(clocks.monotonic - lastBegin <= 2 * interval, "stalled, seed \(seed)")
            }
            lastBegin = clocks.monotonic
            clocks.advance(Int64.random(in: 0...(interval / 3), using: &random))
            clocks.wall += step(&random)
            start = schedule.next(wall: clocks.wall, monotonic: clocks.monotonic)
            #expect(start.delay <= interval * 3 / 2 + 3, "seed \(seed)")
        }
        #expect(scrapes <= clocks.monotonic / interval + 2 * steps + 2, "storm, seed \(seed)")
    }

    @Test("absurd clocks and intervals never trap")
    func absurd() {
        for interval in [Int64.min, -1, 0, 1, Int64.max] {
            var schedule = ScrapeSchedule(hash: .max, seed: 1, interval: interval)
            for wall in [Int64.min, -1, 0, 1, Int64.max] {
                _ = schedule.firstOnPhase(wall: wall)
                _ = schedule.begin(wall: wall, monotonic: 0)
                let start = schedule.next(wall: wall, monotonic: 1)
                #expect(start.delay >= 0)
                schedule.retune(interval: interval)
                _ = schedule.firstSoon(wall: wall)
            }
        }
    }

    @Test("a changed interval takes effect from now, not after the old one")
    func retuned() {
        var schedule = ScrapeSchedule(hash: 0, seed: 0, interval: 60_000)
        _ = schedule.firstOnPhase(wall: 60_000_000)
        _ = schedule.begin(wall: 60_000_000, monotonic: 0)
        _ = schedule.next(wall: 60_000_500, monotonic: 500)
        schedule.retune(interval: 5000)
        #expect(schedule.next(wall: 60_007_000, monotonic: 7000).scheduled == 60_010_000)
    }
}
