import Logging
import NIOCore
import ScrapeCodec
import ScrapeLog
import TestSupport
import Testing
import Tunnel

@testable import Agent

/// The agent's log, its tunnel's session and a collector's replica together: with live data first, whatever is cut, the
/// replica takes everything and ends up equal.
@Suite struct LiveReplicationTests {
    private static let collector = "collector:9443"

    /// An agent with its log and one collector's replica. A connection here is a session whose frames arrive at once.
    private final class World {
        var random: SeededGenerator
        var milliseconds: Int64 = 1_700_000_000_000
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let log: ScrapeLog
        var logger: ScrapeLogger
        let replica: ReplicaLog
        private(set) var source: LogTunnelSource!
        var session: AgentSession?
        var splits: Set<LiveStart> = []
        var late: UInt64 = 0
        var gaps = 0
        private var pings: [UInt32] = []

        init(seed: UInt64, maximumBytes: Int = 64 << 20) throws {
            random = SeededGenerator(seed: seed)
            log = try ScrapeLog(
                .init(
                    storage: .memory(maximumBytes: maximumBytes), segmentBytes: 1 << 20, scrapesPerSegmentPerTarget: 60),
                nowMilliseconds: milliseconds)
            logger = ScrapeLogger(log: log)
            replica = try ReplicaLog(storage: .memory(maximumBytes: 256 << 20))
            log.configureCollectors([LiveReplicationTests.collector])
            source = LogTunnelSource(
                log: log, logger: Logger(label: "test"), nowMilliseconds: { [unowned self] in milliseconds },
                onNewEpoch: {})
            source.smallBacklog = 2_000
        }

        func scrape() {
            let time = Int64.random(in: 100...2_000, using: &random)
            milliseconds += time
            now = now + .milliseconds(time)
            for target in 1...4 as ClosedRange<UInt32> {
                var body = ByteBuffer()
                for line in 0..<30 {
                    body.writeString("a{line=\"\(line)\"} \(UInt32.random(in: 0...100_000, using: &random))\n")
                }
                logger.append(
                    ScrapeRecord(
                        scheduled: milliseconds, timestamp: milliseconds, duration: 1, outcome: .success,
                        contentType: "text/plain", body: body), target: target)
            }
            logger.flush()
            source.grew()
        }

        func connect() throws {
            var session = AgentSession(timers: TunnelTimers(), now: now)
            let named = Set(log.ranges.map(\.epoch))
            let welcome = Frame.Welcome(
                version: Protocol.maximumVersion, connection: 1, clock: 0, credit: Protocol.initialCredit,
                collector: "test", held: replica.ranges.filter { named.contains($0.epoch) },
                logVersions: SegmentHeader.readableVersions)
            _ = try session.receive(.welcome(welcome), clock: 0, held: log.ranges)
            source.welcomed(by: LiveReplicationTests.collector, holding: welcome.held)
            let lacking = session.lacking(of: log.ranges)
            if let start = source.liveStart(for: LiveReplicationTests.collector, lacking: lacking) {
                session.prioritize(from: start, held: log.ranges)
                splits.insert(start)
            }
            self.session = session
        }

        /// Sends up to so many Appends.
        func send(_ most: Int) throws {
            for gap in source.takeGaps(for: LiveReplicationTests.collector) {
                session?.announced(gap.range)
                replica.noteGap(gap.range)
                gaps += 1
            }
            for _ in 0..<most {
                guard let next = session?.nextAppend(held: log.ranges, counterpart: { self.source.counterpart(of: $0) })
                else { break }
                var bytes = ByteBuffer()
                var rest = next.range
                while rest.count > 0 { rest.from += UInt64(try source.read(rest, maximum: 1 << 20, into: &bytes)) }
                // It takes nothing that it cannot keep.
                #expect(try replica.write(epoch: next.range.epoch, from: next.range.from, bytes: bytes) == next.range)
                if next.isBacklog {
                    late += next.range.count
                    if case .send(.ping(let ping))? = session?.mark(next, now: now, clock: 0) {
                        pings.append(ping.sequence)
                    }
                }
                _ = try session?.receive(.credit(UInt32(next.range.count)), clock: 0, held: log.ranges)
            }
            session?.received(now: now)
            for sequence in pings {
                _ = try session?.receive(
                    .pong(.init(sequence: sequence, echo: 0, clock: 0)), clock: 0, held: log.ranges)
            }
            pings = []
        }

        func acknowledge() { source.acknowledged(by: LiveReplicationTests.collector, replica.durableRanges) }

        func bytes(_ range: LogRange, _ read: (LogRange, inout ByteBuffer) throws -> Int) throws -> ByteBuffer {
            var bytes = ByteBuffer()
            var rest = range
            while rest.count > 0 {
                let count = try read(rest, &bytes)
                try #require(count > 0)
                rest.from += UInt64(count)
            }
            return bytes
        }

        /// For every offset that both hold, the bytes are equal; and the replica has all that the log has.
        func check() throws {
            let settled = LogRangeSet(replica.ranges)
            for range in log.ranges where range.count > 0 {
                #expect(settled.contains(range))
                let own = try bytes(range) { try log.read($0, maximum: 1 << 20, into: &$1) }
                let copy = try bytes(range) { try replica.read($0, maximum: 1 << 20, into: &$1) }
                #expect(own == copy)
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever is cut, the replica takes every range and ends up equal`(seed: UInt64) throws {
        let world = try World(seed: seed)
        for _ in 0..<300 {
            switch Int.random(in: 0..<20, using: &world.random) {
            case 0..<10: world.scrape()
            case 10..<16: try world.send(Int.random(in: 1...6, using: &world.random))
            case 16: world.acknowledge()
            case 17: world.session = nil
            case 18: for _ in 0..<Int.random(in: 0...30, using: &world.random) { world.scrape() }
            default: try world.connect()
            }
            if Int.random(in: 0..<150, using: &world.random) == 0 { world.source.beginEpoch() }
        }
        world.scrape()
        try world.connect()
        try world.send(.max)
        for _ in 0..<200 where world.session?.hasBacklog == true { try world.send(.max) }
        try world.check()
        #expect(world.splits.count > 2 && world.late > 0, "seed \(seed)")
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `with a budget too small for the outage the oldest is a gap, and the rest arrives`(seed: UInt64) throws {
        let world = try World(seed: seed, maximumBytes: 200_000)
        try world.connect()
        for _ in 0..<5 {
            world.scrape()
            try world.send(10)
        }
        for round in 0..<3 {
            world.session = nil
            for _ in 0..<300 { world.scrape() }
            try world.connect()
            for _ in 0..<40 {
                try world.send(1)
                if round == 1 { world.scrape() }
            }
        }
        for _ in 0..<200 { try world.send(.max) }
        try world.check()
        #expect(world.gaps > 0, "seed \(seed)")
    }

    // MARK: When live data go first

    @Test func `five seconds of backlog go in order, more makes a new segment that goes first`() throws {
        let world = try World(seed: 1)
        for _ in 0..<3 {
            world.scrape()
            world.milliseconds += 500
        }
        try world.connect()
        #expect(world.splits.isEmpty && world.log.statistics.segments == 1)
        world.milliseconds += 5_000
        try world.connect()
        #expect(world.splits == [LiveStart(epoch: world.log.epoch, offset: world.log.end)])
        world.scrape()
        #expect(world.log.statistics.segments == 2)
    }

    @Test func `little backlog goes in order however old it is`() throws {
        let world = try World(seed: 2)
        world.source.smallBacklog = 1 << 20
        world.scrape()
        world.milliseconds += 3_600_000
        try world.connect()
        #expect(world.splits.isEmpty)
    }

    @Test func `a connection that breaks again at once costs no further segment`() throws {
        let world = try World(seed: 3)
        for _ in 0..<20 { world.scrape() }
        world.milliseconds += 60_000
        try world.connect()
        world.scrape()
        for _ in 0..<5 {
            try world.connect()
            try world.send(1)
        }
        #expect(world.splits.count == 1 && world.log.statistics.segments == 2)
    }

    @Test func `a second collector takes the segment that the first made us begin`() throws {
        let world = try World(seed: 5)
        for _ in 0..<20 { world.scrape() }
        world.milliseconds += 60_000
        let lacking = world.log.ranges
        let first = world.source.liveStart(for: "one", lacking: lacking)
        #expect(first == LiveStart(epoch: world.log.epoch, offset: world.log.end))
        world.scrape()
        #expect(world.source.liveStart(for: "two", lacking: world.log.ranges) == first)
        // Long after that it is an outage of its own.
        for _ in 0..<20 { world.scrape() }
        let later = world.source.liveStart(for: "two", lacking: world.log.ranges)
        #expect(later != first && later?.offset == world.log.end)
    }

    @Test func `ages are known after a restart, from the segments`() throws {
        let directory = try TemporaryDirectory()
        var log = try ScrapeLog(.init(storage: .directory(directory.path + "/log")), nowMilliseconds: 5_000)
        for time in [10_000, 20_000] as [Int64] {
            log.append(.targetAnnounced, target: 1, time: time, payload: ByteBuffer(string: "announced"))
            log.sealSegment()
        }
        log.close()
        log = try ScrapeLog(.init(storage: .directory(directory.path + "/log")), nowMilliseconds: 30_000)
        log.configureCollectors([Self.collector])
        let source = LogTunnelSource(
            log: log, logger: Logger(label: "test"), nowMilliseconds: { 30_000 }, onNewEpoch: {})
        #expect(source.unacknowledged(by: Self.collector).oldest == 10_000)
        let end = try #require(log.ranges.first).to
        source.acknowledged(by: Self.collector, [LogRange(epoch: log.epoch, from: 0, to: end - 1)])
        #expect(source.unacknowledged(by: Self.collector).oldest == 20_000)
        source.acknowledged(by: Self.collector, [LogRange(epoch: log.epoch, from: 0, to: end)])
        #expect(source.unacknowledged(by: Self.collector).oldest == nil)
        log.close()
    }

    @Test func `a collector that lost its disk after our restart counts as lacking it`() throws {
        let world = try World(seed: 4)
        for _ in 0..<5 { world.scrape() }
        try world.connect()
        try world.send(.max)
        world.acknowledge()
        #expect(world.source.unacknowledged(by: Self.collector).bytes == 0)
        world.source.welcomed(by: Self.collector, holding: [])
        #expect(world.source.unacknowledged(by: Self.collector).bytes > 0)
    }

    @Test func `the log is written for the oldest of the collectors, and newer again when all read it`()
        throws
    {
        let world = try World(seed: 5)
        let log = world.log
        log.configureCollectors(["a", "b"])
        world.scrape()
        let newer = log.epoch
        #expect(log.version == SegmentHeader.currentVersion)
        #expect(world.source.refusesVersion("a"))
        #expect(!world.source.refusesVersion("a"), "there is nothing older to offer")
        world.scrape()
        #expect(log.version == SegmentHeader.previousVersion && log.epoch != newer)
        #expect(world.source.held(for: "a").map(\.epoch) == [log.epoch])
        #expect(world.source.held(for: "b") == log.ranges)
        world.source.reads("b", versions: SegmentHeader.readableVersions)
        #expect(log.version == SegmentHeader.previousVersion, "a has not been upgraded")
        let older = log.epoch
        world.source.reads("a", versions: SegmentHeader.readableVersions + [SegmentHeader.currentVersion + 1])
        world.scrape()
        #expect(log.version == SegmentHeader.currentVersion && log.epoch == older)
        #expect(world.source.held(for: "a") == log.ranges)
        // One that is no longer configured is not waited for.
        #expect(world.source.refusesVersion("b"))
        log.configureCollectors(["a"])
        world.source.reads("a", versions: SegmentHeader.readableVersions)
        #expect(log.version == SegmentHeader.currentVersion)
    }
}
