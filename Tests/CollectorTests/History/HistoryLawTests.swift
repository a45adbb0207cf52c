import NIOCore
import ScrapeCodec
import ScrapeLog
import TestSupport
import Testing

@testable import Collector
@testable import Views

/// Whatever happens between a target and a reader of its history, the reader gets every scrape once, in order, as it was.
@Suite struct HistoryLawTests {
    private static func step(_ world: inout HistoryWorld, _ readers: inout [HistoryWorld.Reader]) throws {
        let target = Int.random(in: 0..<4, using: &world.random)
        switch UInt8.random(in: 0..<100, using: &world.random) {
        case 0..<35: world.scrape(target)
        case 35..<55: try world.send(backlog: false, most: 2000)
        case 55..<72: try world.send(backlog: true, most: 1200)
        case 72..<76: world.connect(sealing: Bool.random(using: &world.random))
        case 76..<78: world.beginEpoch()
        case 78..<80:
            // The agent restarts.
            world.beginEpoch()
            world.scrape(target)
            world.connect(sealing: true)
        case 80..<82:
            try world.restartCollector()
            if Bool.random(using: &world.random) { world.connect(sealing: true) }
        case 82..<84: world.withdraw(target)
        case 84..<88: world.announce(target)
        default:
            let index = Int.random(in: 0..<readers.count, using: &world.random)
            if Bool.random(using: &world.random) { readers[index].cursor?.checkpoint = nil }
            try world.read(&readers[index], most: Int.random(in: 1...6, using: &world.random))
        }
    }

    /// What a reader should have been given: everything since the first.
    private static func expected(_ world: HistoryWorld, _ reader: HistoryWorld.Reader) -> [HistoryWorld.Scrape] {
        guard let first = reader.given.first else { return [] }
        return (world.scraped[reader.target] ?? []).filter { $0.time >= first.time }
    }

    @Test(arguments: 0..<UInt64(14))
    func `every scrape comes once, in order, and what is shown never goes back`(seed: UInt64) throws {
        var world = try HistoryWorld(seed: seed, onDisk: seed % 4 != 0)
        var readers = (0..<8).map { HistoryWorld.Reader(target: $0 % 4) }
        var shown: [Int: Int64] = [:]
        for target in 0..<3 { world.announce(target) }
        for step in 0..<500 {
            try Self.step(&world, &readers)
            for target in 0..<4 {
                guard let newest = try world.shown(target) else { continue }
                #expect(newest >= shown[target] ?? 0, "seed \(seed), step \(step), target \(target)")
                shown[target] = newest
            }
        }
        try world.drain()
        for index in readers.indices {
            for _ in 0..<2000 {
                let before = readers[index].given.count
                try world.read(&readers[index], most: 20)
                if readers[index].given.count == before { break }
            }
            let reader = readers[index]
            #expect(
                reader.given.map(\.time) == Self.expected(world, reader).map(\.time), "seed \(seed), reader \(index)")
            #expect(reader.given == Self.expected(world, reader), "seed \(seed), reader \(index)")
            #expect(reader.skipped == 0, "seed \(seed), reader \(index)")
            #expect(reader.unreadable == 0, "seed \(seed), reader \(index)")
            guard let cursor = reader.cursor else { continue }
            let left = try world.history.backlog(of: world.id(reader.target), after: cursor)
            #expect(left.scrapes == 0, "seed \(seed), reader \(index)")
        }
        #expect(world.replica.failures == 0, "seed \(seed)")
        world.replica.catchUpIfComplete()
        for target in world.references.keys {
            guard let last = world.scraped[target]?.last else { continue }
            // One that was withdrawn and has not been scraped since shows nothing.
            #expect(try world.shown(target) == last.time || world.shown(target) == nil, "seed \(seed)")
            try world.checkBody(target, "seed \(seed)")
        }
        // After a restart it is the same.
        let before = try (0..<4).map { try world.shown($0) }
        try world.restartCollector()
        if seed % 4 != 0 {
            for target in 0..<4 where before[target] != nil {
                #expect(try world.shown(target) == before[target], "seed \(seed)")
                try world.checkBody(target, "seed \(seed)")
            }
        }
        try Self.checkTimeMachine(&world, "seed \(seed)")
    }

    /// With everything here, each scrape is in force from its time to the next.
    private static func checkTimeMachine(_ world: inout HistoryWorld, _ comment: Comment) throws {
        for target in 0..<4 {
            let all = world.scraped[target] ?? []
            for _ in 0..<20 {
                let time = Int64.random(in: 999_990_000...world.time + 5000, using: &world.random)
                let found = try world.history.scrape(of: world.id(target), at: time)
                let expected = all.last { $0.time <= time }
                #expect(found.map { String(buffer: $0.body) } == expected?.body, comment)
                #expect(found?.summary.timestamp == expected?.time, comment)
            }
        }
    }

    @Test(arguments: 0..<UInt64(6))
    func `what the agent had to drop is passed over, all else comes in order`(seed: UInt64) throws {
        var world = try HistoryWorld(seed: 100 + seed, logBytes: 24_000)
        var readers = (0..<4).map { HistoryWorld.Reader(target: $0) }
        for target in 0..<3 { world.announce(target) }
        for _ in 0..<700 { try Self.step(&world, &readers) }
        try world.drain()
        for index in readers.indices {
            for _ in 0..<2000 {
                let before = readers[index].given.count
                try world.read(&readers[index], most: 20)
                if readers[index].given.count == before { break }
            }
            let reader = readers[index]
            let times = reader.given.map(\.time)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed), reader \(index)")
            let all = Self.expected(world, reader)
            #expect(reader.given.allSatisfy { all.contains($0) }, "seed \(seed), reader \(index)")
            #expect(reader.unreadable == 0, "seed \(seed), reader \(index)")
            #expect(reader.given.last?.time == all.last?.time, "seed \(seed), reader \(index)")
        }
    }
}
