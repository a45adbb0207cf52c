import NIOCore
import ScrapeCodec
import ScrapeLog
import Synchronization
import TestSupport
import Testing
import Tunnel

@testable import Collector
@testable import Views

/// Readers of one target's history, case by case.
@Suite struct ReplicaHistoryTests {
    /// A world with one target, all of whose scrapes have arrived.
    private static func world(
        scrapes: Int, seed: UInt64 = 1, onDisk: Bool = false, segmentBytes: UInt64 = 4000
    ) throws -> HistoryWorld {
        var world = try HistoryWorld(seed: seed, onDisk: onDisk, segmentBytes: segmentBytes)
        world.announce(0)
        for _ in 0..<scrapes { world.scrape(0) }
        try world.drain()
        return world
    }

    private static func times(_ world: HistoryWorld, _ range: Range<Int>) -> [Int64] {
        (world.scraped[0] ?? [])[range].map(\.time)
    }

    private static var start: HistoryCursor { HistoryCursor(epoch: 0, offset: 0, time: 0) }

    @Test func `a new reader gets the newest scrape alone, then what comes behind it`() throws {
        var world = try Self.world(scrapes: 5)
        var reader = HistoryWorld.Reader(target: 0)
        try world.read(&reader, most: 20)
        #expect(reader.given.map(\.time) == Self.times(world, 4..<5))
        try world.read(&reader, most: 20)
        #expect(reader.given.count == 1)
        for _ in 0..<7 { world.scrape(0) }
        try world.drain()
        try world.read(&reader, most: 3)
        #expect(reader.given.map(\.time) == Self.times(world, 4..<8))
        try world.read(&reader, most: 20)
        #expect(reader.given.map(\.time) == Self.times(world, 4..<12))
        var other = HistoryWorld.Reader(target: 3)
        try world.read(&other, most: 20)
        #expect(other.cursor == nil && other.given.isEmpty)
    }

    @Test func `the same page can be read again from the same cursor`() throws {
        let world = try Self.world(scrapes: 60)
        var first = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&first, most: 17)
        var second = first
        try world.read(&first, most: 20)
        try world.read(&second, most: 9)
        try world.read(&second, most: 11)
        #expect(first.given == second.given)
        #expect(first.cursor == second.cursor)
        #expect(first.given == Array((world.scraped[0] ?? [])[..<37]))
    }

    @Test func `bytes that may still come hold a reader up`() throws {
        var world = try Self.world(scrapes: 4)
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&reader, most: 20)
        for _ in 0..<6 { world.scrape(0) }
        world.connect(sealing: true)
        for _ in 0..<3 { world.scrape(0) }
        try Self.sendAll(&world, backlog: false)
        #expect(try world.shown(0) == Self.times(world, 12..<13)[0])
        try world.read(&reader, most: 20)
        #expect(reader.given.map(\.time) == Self.times(world, 0..<4))
        // The time machine does not know what was in force behind what is missing.
        let history = try world.history
        let id = try world.id(0)
        #expect(try history.scrape(of: id, at: Self.times(world, 3..<4)[0]) == nil)
        let twoBefore = try history.scrape(of: id, at: Self.times(world, 2..<3)[0])
        #expect(twoBefore?.summary.timestamp == Self.times(world, 2..<3)[0])
        let newest = try history.scrape(of: id, at: .max)
        #expect(newest?.summary.timestamp == Self.times(world, 12..<13)[0])
        try Self.sendAll(&world, backlog: true)
        try world.read(&reader, most: 20)
        #expect(reader.given == world.scraped[0])
    }

    private static func sendAll(_ world: inout HistoryWorld, backlog: Bool) throws {
        for _ in 0..<400 { try world.send(backlog: backlog, most: 300) }
    }

    @Test func `what is too old is skipped and counted, and what is missing before it does not matter`() throws {
        var world = try Self.world(scrapes: 4)
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&reader, most: 20)
        for _ in 0..<6 { world.scrape(0) }
        world.connect(sealing: true)
        for _ in 0..<5 { world.scrape(0) }
        try Self.sendAll(&world, backlog: false)
        try world.read(&reader, most: 20, notBefore: Self.times(world, 12..<13)[0])
        #expect(reader.given.map(\.time) == Self.times(world, 0..<4) + Self.times(world, 12..<15))
        #expect(reader.skipped == 2)
        // What arrives late is not given any more: it would be out of order.
        try world.drain()
        try world.read(&reader, most: 20)
        #expect(reader.given.count == 7)
    }

    @Test func `the tail of an older epoch is waited for as long as the agent has it`() throws {
        var world = try Self.world(scrapes: 3)
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&reader, most: 20)
        for _ in 0..<3 { world.scrape(0) }
        let tail = world.log.ranges
        world.beginEpoch()
        for _ in 0..<2 { world.scrape(0) }
        world.connect(sealing: false)
        try Self.sendAll(&world, backlog: false)
        try world.read(&reader, most: 20)
        #expect(reader.given.count == 3)
        // The agent has lost it.
        for range in tail {
            world.replica.gap(Frame.Gap(range: range, scrapes: 3, reason: "a test"))
        }
        try world.read(&reader, most: 20)
        #expect(reader.given.map(\.time) == Self.times(world, 0..<3) + Self.times(world, 6..<8))
    }

    @Test func `after a start nothing is passed over before the agent has said what it has`() throws {
        var world = try Self.world(scrapes: 3, onDisk: true)
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&reader, most: 20)
        for _ in 0..<3 { world.scrape(0) }
        world.connect(sealing: true)
        for _ in 0..<3 { world.scrape(0) }
        try Self.sendAll(&world, backlog: false)
        try world.restartCollector()
        #expect(try world.shown(0) == Self.times(world, 8..<9)[0])
        try world.read(&reader, most: 20)
        #expect(reader.given.count == 3)
        // Long after, what was written down counts.
        let state = try AgentNotes(#require(world.replica.state.withLock { $0.log.readNotes() }))
        var known = ExpectedBytes(opened: 0)
        for line in state.expected ?? [] {
            let isRead = known.read(line.split(separator: " "))
            #expect(isRead)
        }
        #expect(known.knowledge(at: ExpectedBytes.patience) == .said)
        #expect(!known.isComplete)
        let unknown = ExpectedBytes(opened: 0)
        #expect(unknown.knowledge(at: 0) == .none && unknown.knowledge(at: ExpectedBytes.patience) == .forgotten)
        let cursor = try #require(reader.cursor)
        for expected in [known, unknown] {
            let isBlocked = world.replica.state.withLock { state in
                let held = ReplicaSegments(
                    state.log, expected, behind: cursor.epoch, cursor.offset, now: ExpectedBytes.patience)
                return held.segments.last.map { held.mayCome(between: held.start, and: $0) }
            }
            #expect(isBlocked == true)
        }
        try world.drain()
        try world.read(&reader, most: 20)
        #expect(reader.given == world.scraped[0])
    }

    @Test func `a record that cannot be read costs those that build on it, and they are counted`() throws {
        var world = try Self.world(scrapes: 3)
        world.scrape(0)
        let garbage = ByteBuffer(bytes: [255, 255, 255])
        world.log.append(.delta, target: 1, time: world.time + 500, payload: garbage)
        for _ in 0..<30 { world.scrape(0) }
        try world.drain()
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        for _ in 0..<10 { try world.read(&reader, most: 7) }
        #expect(reader.unreadable > 1 && reader.unreadable < 14)
        #expect(reader.unreadable + reader.given.count == 35)
        #expect(reader.given.allSatisfy { (world.scraped[0] ?? []).contains($0) })
        #expect(reader.given.last == world.scraped[0]?.last)
        #expect(world.replica.failures >= 1)
    }

    @Test(arguments: 0..<12)
    func `a disk that fails while the history is read loses nothing`(reads: Int) throws {
        let disk = FailingDisk()
        let world = try disk.run { try Self.world(scrapes: 60, onDisk: true) }
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        for round in 0..<4 {
            disk.fail(after: reads + round)
            // Whatever was read before counts only when all of it could be.
            for _ in 0..<3 { try? world.read(&reader, most: 200) }
            #expect(throws: (any Error).self) {
                disk.fail(after: 0)
                var other = HistoryWorld.Reader(target: 0, cursor: Self.start)
                try world.read(&other, most: 200)
            }
        }
        disk.fail(after: nil)
        try world.read(&reader, most: 200)
        #expect(reader.unreadable == 0 && reader.skipped == 0)
        #expect(reader.given == world.scraped[0])
    }

    @Test func `a failed scrape is in force as any other`() throws {
        var world = try Self.world(scrapes: 40)
        let all = world.scraped[0] ?? []
        let failed = try #require(all.dropFirst().first { $0.isFailed })
        let history = try world.history
        let id = try world.id(0)
        let found = try history.scrape(of: id, at: failed.time + 999)
        #expect(found?.summary.timestamp == failed.time && found?.summary.outcome.isSuccess == false)
        #expect(found?.body.readableBytes == 0)
        #expect(try history.scrape(of: id, at: all[0].time - 1) == nil)
        world.withdraw(0)
        try world.drain()
        #expect(try history.scrape(of: id, at: .max)?.summary.timestamp == all.last?.time)
    }

    @Test func `a checkpoint costs sixteen bytes a number, and goes with its dictionary`() throws {
        var world = try HistoryWorld(seed: 3, onDisk: false, segmentBytes: 400_000)
        world.announce(0)
        for _ in 0..<11 { world.scrape(0, lines: 2000) }
        try world.drain()
        let history = ReplicaHistory(of: world.replica, limits: .init(tables: 1, dictionaries: 1))
        let id = try world.id(0)
        var cursor: HistoryCursor? = Self.start
        var checkpoints: [any HistoryCheckpoint] = []
        var given: [HistoryWorld.Scrape] = []
        while given.count < 11 {
            let before = given.count
            let reading = try history.read(id, after: cursor, notBefore: .min) { scrape in
                given.append(
                    .init(
                        time: scrape.summary.timestamp, body: String(buffer: scrape.body),
                        isFailed: !scrape.summary.outcome.isSuccess))
                return false
            }
            guard given.count > before else { break }
            cursor = reading.cursor
            if let checkpoint = reading.cursor?.checkpoint {
                if given.last?.isFailed == false { #expect(checkpoint.cost < 2000 * 17 + 4096) }
                checkpoints.append(checkpoint)
            }
        }
        #expect(given == world.scraped[0])
        #expect(checkpoints.count == 11)
        // Another segment's dictionary takes the only place: what rests on the old one goes, and reading goes on.
        world.log.sealSegment()
        for _ in 0..<3 { world.scrape(0, lines: 2000) }
        try world.drain()
        for _ in 0..<3 {
            let reading = try history.read(id, after: cursor, notBefore: .min) { scrape in
                given.append(
                    .init(
                        time: scrape.summary.timestamp, body: String(buffer: scrape.body),
                        isFailed: !scrape.summary.outcome.isSuccess))
                return false
            }
            cursor = reading.cursor
        }
        #expect(given == world.scraped[0])
        #expect(checkpoints.allSatisfy { $0.cost == 0 })
    }

    @Test func `what is deleted unread is told, reader by reader`() throws {
        let world = try Self.world(scrapes: 60, segmentBytes: 1500)
        let history = try world.history
        let id = try world.id(0)
        var reader = HistoryWorld.Reader(target: 0, cursor: Self.start)
        try world.read(&reader, most: 20)
        let cursor = try #require(reader.cursor)
        let before = history.backlog(of: id, after: cursor)
        #expect(before.scrapes == 40 && before.oldest == Self.times(world, 20..<21)[0])
        // Nothing that is wanted goes by age; by size it does.
        var gone = world.replica.expire(RetentionRule(arrivedBefore: .max, readUntil: cursor.time))
        #expect(gone.isEmpty)
        #expect(history.backlog(of: id, after: cursor).scrapes == 40)
        gone = world.replica.expire(RetentionRule(arrivedBefore: .min, readUntil: cursor.time, maximumBytes: 3000))
        let after = history.backlog(of: id, after: cursor)
        #expect(after.scrapes < 40 && after.scrapes > 0)
        let told = Mutex<[String: Int]>([:])
        let demand = HistoryDemand(
            oldestUnread: { _ in cursor }, cursors: { _ in [("prom-a", id, cursor), ("prom-b", id, Self.end)] },
            deleted: { count, reader in told.withLock { $0[reader] = count } })
        demand.report(gone, of: "vpc-a")
        #expect(told.withLock { $0 } == ["prom-a": 40 - after.scrapes])
        try world.read(&reader, most: 100)
        #expect(reader.given.count == 20 + after.scrapes)
        #expect(reader.given.last == world.scraped[0]?.last)
    }

    private static var end: HistoryCursor { HistoryCursor(epoch: 0, offset: 0, time: .max) }

    @Test func `a cursor of an epoch that nobody knows goes on at what is kept`() throws {
        let world = try Self.world(scrapes: 10)
        let third = Self.times(world, 2..<3)[0]
        var reader = HistoryWorld.Reader(target: 0, cursor: HistoryCursor(epoch: 99, offset: 5, time: third))
        try world.read(&reader, most: 20)
        #expect(reader.given.map(\.time) == Self.times(world, 3..<10))
        #expect(reader.skipped == 3)
    }
}
