import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Agent and collector over a wire that cuts, repeats and reorders, both stopped at any time.
@Suite struct ReplicationPropertyTests {
    private struct World {
        let agentDirectory: TemporaryDirectory
        let replicaDirectory: TemporaryDirectory
        var log: ScrapeLog
        var replica: ReplicaLog
        var random: SeededGenerator
        var next = 0

        init(seed: UInt64) throws {
            agentDirectory = try TemporaryDirectory()
            replicaDirectory = try TemporaryDirectory()
            log = try ScrapeLog.open(agentDirectory, segmentBytes: 1500, scrapes: 9)
            log.configureCollectors(["c"])
            replica = try ReplicaLog.open(replicaDirectory)
            random = SeededGenerator(seed: seed)
        }

        mutating func step() throws {
            switch UInt8.random(in: 0..<16, using: &random) {
            case 0..<5:
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    let size = Int.random(in: 20...300, using: &random)
                    log.scrape(next, target: UInt32.random(in: 1...4, using: &random), size: size)
                    next += 1
                }
                log.flush()
            case 5..<12: try send()
            case 12:
                try replica.sync()
                log.acknowledged(by: "c", replica.durableRanges)
            case 13:
                // The agent stops, in good order or not; everything appended was flushed.
                if Bool.random(using: &random) { log.close() }
                _ = log.syncTask()
                log = try ScrapeLog.inMemory(4096)
                log = try ScrapeLog.open(agentDirectory, segmentBytes: 1500, scrapes: 9)
                log.configureCollectors(["c"])
            case 14: replica = try ReplicaLog.open(replicaDirectory)
            default: log.sealSegment()
            }
        }

        /// Sends a piece of what is missing, or something known once more.
        mutating func send() throws {
            let held = LogRangeSet(replica.ranges)
            let missing = log.ranges.flatMap { held.missing(from: $0) }
            guard let range = (Bool.random(using: &random) ? missing.last : missing.first) ?? log.ranges.first else {
                return
            }
            var from = range.from
            if UInt8.random(in: 0..<4, using: &random) == 0 {
                from -= min(from, UInt64.random(in: 0..<300, using: &random))
            }
            var bytes = ByteBuffer()
            let maximum = Int.random(in: 1...700, using: &random)
            do throws(ScrapeLogError) {
                _ = try log.read(LogRange(epoch: range.epoch, from: from, to: range.to), maximum: maximum, into: &bytes)
                _ = try replica.write(epoch: range.epoch, from: from, bytes: bytes)
            } catch {
                guard error.code == .notHeld else { throw error }
            }
        }

        mutating func finish() throws {
            for _ in 0..<1000 {
                let held = LogRangeSet(replica.ranges)
                guard let range = log.ranges.flatMap({ held.missing(from: $0) }).first else { return }
                _ = try replica.write(epoch: range.epoch, from: range.from, bytes: try log.bytes(range))
            }
        }
    }

    @Test(arguments: 0..<12)
    func `the replica ends with every scrape once, in order, and equal bytes`(seed: UInt64) throws {
        var world = try World(seed: seed)
        for _ in 0..<250 { try world.step() }
        try world.finish()
        #expect(try world.replica.scrapes().sorted() == Array(0..<world.next), "seed \(seed)")
        let records = try world.replica.records().filter { $0.header.kind.isScrape }
        for (_, records) in Dictionary(grouping: records, by: \.epoch) {
            let times = records.map(\.header.time)
            #expect(times == times.sorted(), "seed \(seed)")
        }
        for range in world.log.ranges where range.count > 0 {
            #expect(try world.replica.bytes(range) == world.log.bytes(range), "seed \(seed)")
        }
        #expect(world.log.takeGaps(for: "c").isEmpty, "seed \(seed)")
        #expect(world.replica.statistics.damagedSegments == 0, "seed \(seed)")
        let reopened = try ReplicaLog.open(world.replicaDirectory)
        #expect(try reopened.records() == world.replica.records(), "seed \(seed)")
    }
}
