import NIOCore
import ScrapeCodec
import ScrapeLog
import TestSupport
import Testing

@testable import Collector
@testable import Views

/// What a collector applies of what it kept, after a start.
@Suite struct RestartTests {
    private static func plan(_ world: HistoryWorld) -> [HeldSegment] {
        ReplayPlan(world.replica, ReplicaHistory(of: world.replica)).segments
    }

    @Test func `only the last segments are applied, and targets with older scrapes are shown all the same`() throws {
        var world = try HistoryWorld(seed: 1)
        for target in 0..<12 { world.announce(target) }
        for target in 0..<12 { world.scrape(target) }
        for _ in 0..<70 { for target in 1..<12 { world.scrape(target) } }
        try world.drain()
        let held = world.replica.segments(behind: nil, 0).segments
        #expect(held.count > 5)
        let plan = Self.plan(world)
        #expect(plan.last == held.last && plan.count <= 3)
        let before = try (0..<12).map { try world.shown($0) }
        try world.restartCollector()
        #expect(try (0..<12).map { try world.shown($0) } == before)
        for target in 0..<12 { try world.checkBody(target, "target \(target)") }
        #expect(world.store.unreadiness() == nil)
        #expect(world.replica.failures == 0)
    }

    @Test func `a segment whose table is not whole yet is not enough`() throws {
        var world = try HistoryWorld(seed: 2)
        for target in 0..<6 { world.announce(target) }
        for _ in 0..<3 { for target in 0..<6 { world.scrape(target) } }
        try world.drain()
        let before = try (0..<6).map { try world.shown($0) }
        // Of the next segment only the header and the first announcements arrive.
        world.scrape(0)
        let end = try #require(world.replica.segments(behind: nil, 0).segments.last?.end)
        let rest = LogRange(epoch: world.log.epoch, from: end, to: world.log.end)
        var bytes = ByteBuffer()
        let count = try world.log.read(rest, maximum: 300, into: &bytes)
        try world.replica.append(LogRange(epoch: rest.epoch, from: end, to: end + UInt64(count)), bytes: bytes)
        #expect(Self.plan(world).count >= 2)
        try world.restartCollector()
        #expect(try (0..<6).map { try world.shown($0) } == before)
        #expect(world.store.activeTargets.count == 6)
        #expect(world.store.unreadiness() == nil)
    }

    @Test func `with a hole, what is behind it is shown`() throws {
        var world = try HistoryWorld(seed: 3)
        for target in 0..<4 { world.announce(target) }
        for target in 0..<4 { world.scrape(target) }
        try world.drain()
        for _ in 0..<20 { for target in 0..<4 { world.scrape(target) } }
        world.connect(sealing: true)
        for target in 0..<3 { world.scrape(target) }
        for _ in 0..<200 { try world.send(backlog: false, most: 500) }
        for _ in 0..<3 { try world.send(backlog: true, most: 500) }
        let before = try (0..<4).map { try world.shown($0) }
        #expect(before[..<3] == (world.scraped[0]?.last.map { [$0.time, $0.time + 1000, $0.time + 2000] } ?? [])[...])
        try world.restartCollector()
        #expect(try (0..<3).map { try world.shown($0) } == Array(before[..<3]))
        // The one that nothing has come for since is brought up to date when the hole is filled.
        try world.drain()
        world.replica.catchUpIfComplete()
        #expect(try world.shown(3) == world.scraped[3]?.last?.time)
        try world.checkBody(3, "target 3")
    }

    @Test(arguments: 0..<UInt64(30))
    func `whatever an agent says, the history ends, and tells no lies about times`(seed: UInt64) throws {
        var world = try HistoryWorld(seed: seed, onDisk: seed % 2 == 0)
        for target in 0..<4 { world.announce(target) }
        for _ in 0..<40 { world.scrape(Int.random(in: 0..<4, using: &world.random)) }
        world.log.flush()
        // Some of its own records come again, changed and out of place.
        let known = try world.records()
        for _ in 0..<120 {
            let record = try #require(known.randomElement(using: &world.random))
            var payload = record.payload
            if payload.readableBytes > 0, Bool.random(using: &world.random) {
                let index = payload.readerIndex + Int.random(in: 0..<payload.readableBytes, using: &world.random)
                payload.setInteger(UInt8.random(in: 0...255, using: &world.random), at: index)
            }
            let times: [Int64] = [record.header.time, .min, .max, 0, world.time + 7]
            if record.header.kind == .segmentHeader {
                world.log.sealSegment()
            } else {
                world.log.append(
                    record.header.kind, target: UInt32.random(in: 0...5, using: &world.random),
                    time: times.randomElement(using: &world.random) ?? 0, payload: payload)
            }
        }
        try world.drain()
        try world.restartCollector()
        for target in 0..<4 {
            for cursor in [nil, HistoryCursor(epoch: 0, offset: 0, time: 0)] {
                var reader = HistoryWorld.Reader(target: target, cursor: cursor)
                for _ in 0..<400 {
                    let before = reader.cursor
                    try world.read(&reader, most: 5)
                    if reader.cursor == before { break }
                }
                let times = reader.given.map(\.time)
                #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
            }
            for time in [Int64.min, 0, world.time, .max] {
                _ = try? world.history.scrape(of: world.id(target), at: time)
                let cursor = HistoryCursor(epoch: world.log.epoch, offset: UInt64(bitPattern: time), time: time)
                _ = try world.history.backlog(of: world.id(target), after: cursor)
                _ = try world.history.read(world.id(target), after: cursor, notBefore: time) { _ in true }
            }
        }
    }
}
