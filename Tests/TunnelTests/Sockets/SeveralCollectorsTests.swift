import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// One log, several collectors: each has its own place in it, and none waits for another.
@Suite(.timeLimit(.minutes(2))) struct SeveralCollectorsTests {
    @Test func `one that is down for long delays nothing, and both end with the whole log`() async throws {
        let first = try await CollectorSide.start()
        // A port on which nobody listens yet.
        let reserved = try await CollectorSide.start()
        let port = reserved.port
        await reserved.stop()
        let log = MemoryLog()
        log.withState { $0.isLiveFirst = true }
        let one = try AgentSide(port: first.port, log: log)
        let other = try AgentSide(port: port, log: log)
        one.start()
        other.start()
        try #require(await eventually { one.isWelcome && other.failures.count > 1 })
        var random = SeededGenerator(seed: 31)
        var slowest = TimeAmount.zero
        for _ in 0..<40 {
            log.grow(by: 100_000, using: &random)
            let end = log.bytes(of: 1).count
            let begun = NIODeadline.now()
            one.logGrew()
            other.logGrew()
            try #require(await eventually { first.replica.count(of: 1) == end })
            slowest = max(slowest, NIODeadline.now() - begun)
        }
        // A busy machine takes seconds; waiting for the other would take for ever.
        #expect(slowest < .seconds(10))
        #expect(try await other.sentLogBytes() == 0)
        log.withState { $0.growthAtLiveStart = Array("scraped just now".utf8) }
        let second = try await CollectorSide.start(port: port)
        try #require(await eventually { other.isWelcome })
        log.withState { $0.growthAtLiveStart = [] }
        for _ in 0..<10 {
            log.grow(by: 20_000, using: &random)
            one.logGrew()
            other.logGrew()
        }
        let whole = log.bytes(of: 1)
        let range = LogRange(epoch: 1, from: 0, to: UInt64(whole.count))
        #expect(await eventually { second.replica.withState { $0.held.contains(range) } })
        #expect(await eventually { first.replica.withState { $0.held.contains(range) } })
        #expect(first.replica.bytes(of: 1) == whole && second.replica.bytes(of: 1) == whole)
        #expect(first.replica.repeated == 0 && second.replica.repeated == 0)
        #expect(one.welcomes == 1)
        // What came after it was welcomed came before what it had missed.
        let backlog = try #require(log.withState(\.liveStarts).last)
        let order = second.replica.withState { $0.arrivals.map(\.range) }
        let live = try #require(order.firstIndex { $0.from >= backlog.offset })
        let late = try #require(order.lastIndex { $0.to <= backlog.offset })
        #expect(live < late)
        one.stop()
        other.stop()
        await first.stop()
        await second.stop()
    }

    @Test func `one that does not read costs the agent one window, and the other nothing`() async throws {
        let first = try await CollectorSide.start()
        let second = try await CollectorSide.start()
        let relay = try await Relay.start(to: second.port)
        let log = MemoryLog()
        let one = try AgentSide(port: first.port, log: log)
        let stuck = try AgentSide(port: relay.port, log: log)
        one.start()
        stuck.start()
        try #require(await eventually { one.isWelcome && stuck.isWelcome })
        try await relay.hold(true)
        var random = SeededGenerator(seed: 32)
        for _ in 0..<12 {
            var block: [UInt8] = []
            while block.count < 1 << 20 { withUnsafeBytes(of: random.next()) { block += $0 } }
            log.grow(block)
            one.logGrew()
            stuck.logGrew()
        }
        #expect(await eventually { first.replica.count(of: 1) == 12 << 20 })
        #expect(try await stuck.sentLogBytes() <= UInt64(Protocol.initialCredit))
        try await relay.hold(false)
        #expect(await eventually { second.replica.count(of: 1) == 12 << 20 })
        #expect(second.replica.bytes(of: 1) == first.replica.bytes(of: 1))
        one.stop()
        stuck.stop()
        await relay.stop()
        await first.stop()
        await second.stop()
    }

    @Test func `a collector that holds an epoch we do not know keeps it, and gets ours`() async throws {
        let collector = try await CollectorSide.start()
        collector.replica.preload(77, [UInt8](repeating: 1, count: 500))
        let agent = try AgentSide(port: collector.port)
        agent.log.grow(Array("ours".utf8))
        agent.start()
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("ours".utf8) })
        #expect(collector.replica.count(of: 77) == 500)
        #expect(agent.log.held.map(\.epoch) == [1])
        // It is not told of, because we did not name it.
        #expect(agent.log.welcomes == [[]])
        agent.stop()
        await collector.stop()
    }

    @Test func `a collector that lost its disk gets everything that is still held, and is told of nothing else`()
        async throws
    {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port)
        var random = SeededGenerator(seed: 33)
        agent.log.grow(by: 400_000, using: &random)
        agent.start()
        try #require(await eventually { agent.log.acknowledged.contains(LogRange(epoch: 1, from: 0, to: 400_000)) })
        agent.log.withState { $0.epochs.append(MemoryLog.Epoch(number: 9)) }
        agent.grow(Array("of a new epoch".utf8))
        try #require(await eventually { collector.replica.count(of: 9) == 14 })
        collector.replica.withState { state in
            state.bytes = [:]
            state.held = LogRangeSet()
        }
        relay.cut()
        #expect(await eventually { collector.replica.count(of: 1) == 400_000 && collector.replica.count(of: 9) == 14 })
        #expect(collector.replica.bytes(of: 1) == agent.log.bytes(of: 1))
        #expect(agent.log.welcomes.last == [])
        agent.stop()
        await relay.stop()
        await collector.stop()
    }
}
