import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// An agent whose collector is of the release before, until somebody upgrades it.
@Suite(.timeLimit(.minutes(2))) struct NeighbourVersionTests {
    @Test func `a collector that reads no newer log is given one it reads at once, and the rest when upgraded`()
        async throws
    {
        let old = try await CollectorSide.start(logVersions: [SegmentHeader.previousVersion])
        let port = old.port
        let log = MemoryLog()
        log.withState { $0.yields = true }
        var random = SeededGenerator(seed: 5)
        log.grow(by: 10_000, using: &random)
        let agent = try AgentSide(port: port, log: log)
        agent.start()
        // The collector's wish to be left alone for a minute is for agents that have nothing else to offer.
        try #require(await eventually { agent.isWelcome })
        #expect(agent.failures.map(\.reason) == ["version"])
        log.grow(by: 10_000, using: &random)
        agent.logGrew()
        try #require(await eventually { old.replica.count(of: 2) == 10_000 })
        #expect(old.replica.count(of: 1) == 0, "it could not read that")
        await old.stop()
        let new = try await CollectorSide.start(port: port)
        try #require(await eventually { new.replica.count(of: 1) == 10_000 && new.replica.count(of: 2) == 10_000 })
        #expect(new.replica.bytes(of: 1) == log.bytes(of: 1) && new.replica.bytes(of: 2) == log.bytes(of: 2))
        #expect(log.withState(\.logVersion) == SegmentHeader.currentVersion)
        agent.stop()
        await new.stop()
    }

    @Test func `an agent of the release before is welcome`() async throws {
        let collector = try await CollectorSide.start()
        let log = MemoryLog()
        log.withState { $0.logVersion = SegmentHeader.previousVersion }
        let agent = try AgentSide(port: collector.port, log: log)
        agent.start()
        #expect(await eventually { agent.isWelcome })
        #expect(agent.failures.isEmpty)
        agent.stop()
        await collector.stop()
    }
}
