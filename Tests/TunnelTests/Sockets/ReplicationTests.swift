import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// Client and listener over real sockets: the log arrives, whatever happens to the connections.
@Suite(.timeLimit(.minutes(2))) struct ReplicationTests {
    @Test func `the log is copied byte for byte, and acknowledged`() async throws {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        var random = SeededGenerator(seed: 1)
        agent.log.grow(by: 1_000_000, using: &random)
        agent.start()
        for _ in 0..<50 {
            agent.log.grow(by: 10_000, using: &random)
            agent.logGrew()
        }
        let end = LogRange(epoch: 1, from: 0, to: 1_500_000)
        #expect(await eventually { agent.log.acknowledged.contains(end) })
        #expect(collector.replica.bytes(of: 1) == agent.log.bytes(of: 1))
        #expect(collector.replica.repeated == 0)
        #expect(try await agent.sentLogBytes() == 1_500_000)
        agent.stop()
        await collector.stop()
    }

    @Test func `a name with several addresses is dialled until one answers`() async throws {
        // `localhost` is ::1 as a rule, where nobody listens, and 127.0.0.1.
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(host: "localhost", port: collector.port)
        agent.start()
        agent.grow(Array("found".utf8))
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("found".utf8) })
        #expect(agent.failures.isEmpty)
        agent.stop()
        await collector.stop()
    }

    @Test func `more than the credit flows, because credit comes back`() async throws {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        var random = SeededGenerator(seed: 2)
        agent.log.grow(by: 12 << 20, using: &random)
        agent.start()
        #expect(await eventually { collector.replica.count(of: 1) == 12 << 20 })
        #expect(collector.replica.bytes(of: 1) == agent.log.bytes(of: 1))
        agent.stop()
        await collector.stop()
    }

    @Test(arguments: [11, 12] as [UInt64])
    func `after every cut the copy goes on where it ended`(seed: UInt64) async throws {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port)
        var random = SeededGenerator(seed: seed)
        agent.start()
        for round in 1...8 {
            agent.log.grow(by: Int.random(in: 1...600_000, using: &random), using: &random)
            agent.logGrew()
            try #require(await eventually { agent.welcomes >= round })
            let mark = Int.random(in: 0...200_000, using: &random)
            _ = await eventually(within: .milliseconds(50)) {
                relay.passed > mark
            }
            relay.cut()
        }
        let whole = agent.log.bytes(of: 1)
        #expect(await eventually { collector.replica.count(of: 1) == whole.count }, "seed \(seed)")
        #expect(collector.replica.bytes(of: 1) == whole, "seed \(seed)")
        agent.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `a collector that lost its tail gets exactly the tail again`() async throws {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port)
        var random = SeededGenerator(seed: 3)
        agent.log.grow(by: 300_000, using: &random)
        agent.start()
        try #require(await eventually { collector.replica.count(of: 1) == 300_000 })
        collector.replica.truncate(1, to: 123_456)
        relay.cut()
        #expect(await eventually { collector.replica.count(of: 1) == 300_000 })
        #expect(collector.replica.bytes(of: 1) == agent.log.bytes(of: 1))
        #expect(collector.replica.repeated == 0)
        #expect(try await agent.sentLogBytes() == 300_000 + (300_000 - 123_456))
        #expect(agent.log.welcomes.last == [LogRange(epoch: 1, from: 0, to: 123_456)])
        agent.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `an agent that lost its tail goes on in a new epoch`() async throws {
        let collector = try await CollectorSide.start()
        collector.replica.preload(1, [UInt8](repeating: 7, count: 1000))
        let agent = try AgentSide(port: collector.port)
        agent.log.grow([UInt8](repeating: 7, count: 600))
        agent.start()
        try #require(await eventually { agent.log.held.last?.epoch == 2 })
        agent.grow(Array("after the power came back".utf8))
        #expect(await eventually { collector.replica.bytes(of: 2) == Array("after the power came back".utf8) })
        #expect(collector.replica.count(of: 1) == 1000)
        #expect(collector.replica.repeated == 0)
        agent.stop()
        await collector.stop()
    }

    @Test func `what was dropped before it was sent is announced as a gap, and the rest arrives`() async throws {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        var random = SeededGenerator(seed: 4)
        agent.log.grow(by: 50_000, using: &random)
        agent.log.drop(to: 20_000)
        agent.start()
        #expect(await eventually { collector.replica.count(of: 1) == 50_000 })
        #expect(Array(collector.replica.bytes(of: 1)[20_000...]) == agent.log.bytes(of: 1))
        #expect(
            collector.replica.withState(\.gaps) == [
                Frame.Gap(range: LogRange(epoch: 1, from: 0, to: 20_000), scrapes: 1, reason: "disk_budget")
            ])
        agent.stop()
        await collector.stop()
    }

    @Test func `a peer that does not read holds up the agent, not its memory`() async throws {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port)
        agent.start()
        try #require(await eventually { agent.isWelcome })
        try await relay.hold(true)
        // More than sockets buffer, and nothing of it compresses.
        var random = SeededGenerator(seed: 6)
        var block: [UInt8] = []
        while block.count < 1 << 20 { withUnsafeBytes(of: random.next()) { block += $0 } }
        let bytes = (0..<16).flatMap { _ in block }
        agent.grow(bytes)
        var last: UInt64 = .max
        for _ in 0..<200 {
            let sent = try await agent.sentLogBytes()
            if sent == last, sent > 0 { break }
            last = sent
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(last <= UInt64(Protocol.initialCredit))
        try await relay.hold(false)
        #expect(await eventually { collector.replica.count(of: 1) == bytes.count })
        #expect(collector.replica.bytes(of: 1) == bytes)
        #expect(agent.welcomes == 1)
        agent.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `a collector whose disk is full says so, and goes on when there is room`() async throws {
        let collector = try await CollectorSide.start()
        collector.replica.withState { $0.isFull = true }
        // The collector asks for five seconds of patience; the test has it.
        let agent = try AgentSide(port: collector.port)
        agent.log.grow(Array("some bytes".utf8))
        agent.start()
        try #require(await eventually { agent.failures.first != nil })
        #expect(agent.failures.first?.reason == "storage")
        #expect(agent.failures.first?.message.contains("could not be applied") == true)
        #expect(collector.replica.closed == ["storage"])
        collector.replica.withState { $0.isFull = false }
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("some bytes".utf8) })
        agent.stop()
        await collector.stop()
    }

    @Test func `both sides learn how far apart their clocks are`() async throws {
        let collector = try await CollectorSide.start(wallClock: { 1_700_000_000_000_000 })
        let agent = try AgentSide(port: collector.port, wallClock: { 1_700_000_600_000_000 })
        agent.start()
        #expect(await eventually { collector.replica.withState(\.clock)?.skew == 600_000_000 })
        #expect(await eventually { collector.replica.withState(\.clock)?.roundTrip != nil })
        #expect(try await agent.skew() == -600_000_000)
        agent.stop()
        await collector.stop()
    }
}
