import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// `culvert verify`: the collector compares its copy with the agent's log, through the tunnel.
@Suite(.timeLimit(.minutes(2))) struct VerifyTests {
    private struct Ends {
        var collector: CollectorSide
        var agent: AgentSide
        var connection: TunnelConnection

        var replica: MemoryReplica { collector.replica }

        func stop() async {
            agent.stop()
            await collector.stop()
        }

        /// Compares what the replica holds; checksums are those of its bytes.
        func compare() async throws -> LogComparison {
            let held = replica.withState(\.held).ranges
            return try await connection.compare(held, settled: held) { range in
                guard let bytes = try? replica.read(range) else { return nil }
                var checksum = CRC32C()
                checksum.update(bytes)
                return checksum.value
            }
        }
    }

    /// An agent and a collector that has everything.
    private func start(_ size: Int, seed: UInt64) async throws -> Ends {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        var random = SeededGenerator(seed: seed)
        agent.log.grow(by: size, using: &random)
        agent.start()
        try #require(await eventually { collector.replica.count(of: 1) == size })
        return Ends(collector: collector, agent: agent, connection: try #require(collector.replica.connection))
    }

    @Test func `equal logs are identical, in every epoch`() async throws {
        let ends = try await start(1_000_000, seed: 51)
        ends.agent.log.beginEpoch()
        ends.agent.grow(Array("of the second epoch".utf8))
        try #require(await eventually { ends.replica.count(of: 2) == 19 })
        let comparison = try await ends.compare()
        #expect(
            comparison.identical == [
                LogRange(epoch: 1, from: 0, to: 1_000_000), LogRange(epoch: 2, from: 0, to: 19),
            ])
        #expect(comparison.isSound && comparison.different.isEmpty && comparison.unchecked.isEmpty)
        #expect(comparison.missingHere.isEmpty && comparison.missingThere.isEmpty)
        await ends.stop()
    }

    @Test func `one byte that differs is found, within a few KiB`() async throws {
        let ends = try await start(2_500_000, seed: 52)
        ends.replica.withState { $0.bytes[1]?[1_234_567] ^= 1 }
        let comparison = try await ends.compare()
        let different = try #require(comparison.different.first)
        #expect(comparison.different.count == 1 && !comparison.isSound)
        #expect(different.from <= 1_234_567 && 1_234_567 < different.to && different.count <= 4096)
        #expect(comparison.identical.reduce(0) { $0 + $1.count } == 2_500_000 - different.count)
        #expect(comparison.unchecked.isEmpty)
        await ends.stop()
    }

    @Test func `what one side lacks is named, and which side that is`() async throws {
        let ends = try await start(300_000, seed: 53)
        // The agent has deleted its head; here the tail is lost.
        ends.agent.log.withState { state in
            state.epochs[0].bytes.removeFirst(100_000)
            state.epochs[0].start = 100_000
        }
        ends.replica.truncate(1, to: 250_000)
        let comparison = try await ends.compare()
        #expect(comparison.identical == [LogRange(epoch: 1, from: 100_000, to: 250_000)])
        #expect(comparison.missingThere == [LogRange(epoch: 1, from: 0, to: 100_000)])
        #expect(comparison.missingHere == [LogRange(epoch: 1, from: 250_000, to: 300_000)])
        #expect(comparison.isSound)
        await ends.stop()
    }

    @Test func `an empty replica learns what the agent holds`() async throws {
        let ends = try await start(5_000, seed: 54)
        let theirs = try await ends.connection.verify([])
        #expect(theirs.parts.isEmpty && theirs.held == [LogRange(epoch: 1, from: 0, to: 5_000)])
        await ends.stop()
    }

    @Test func `a second comparison is refused while one is under way, and live data go on`() async throws {
        let ends = try await start(6 << 20, seed: 55)
        let whole = [LogRange](repeating: LogRange(epoch: 1, from: 0, to: 6 << 20), count: 10)
        let connection = ends.connection
        // 60 MiB at 64 MiB a second.
        async let first = connection.checksums(of: whole, within: .seconds(60))
        try await Task.sleep(for: .milliseconds(50))
        let second = try await connection.checksums(of: whole, within: .seconds(60))
        #expect(second.outcome == ChecksumOutcome.busy.rawValue)
        await #expect(throws: VerificationFailure.self) { try await connection.verify(whole) }
        ends.agent.grow(Array("live".utf8))
        #expect(await eventually { ends.replica.count(of: 1) == 6 << 20 + 4 })
        let answer = try await first
        #expect(answer.outcome == ChecksumOutcome.done.rawValue && answer.parts.count == 10)
        #expect(Set(answer.parts.map(\.checksum)).count == 1)
        // And then again.
        let third = try await connection.verify([LogRange(epoch: 1, from: 0, to: 10)])
        #expect(third.parts.count == 1)
        await ends.stop()
    }

    @Test func `an agent that goes, or never answers, ends the comparison with a reason`() async throws {
        let ends = try await start(1_000, seed: 56)
        let connection = ends.connection
        ends.agent.stop()
        try #require(await eventually { !ends.replica.closed.isEmpty })
        var failure = await #expect(throws: VerificationFailure.self) { try await connection.verify([]) }
        #expect(failure?.code == .notConnected && failure?.agent == "agent")
        // An older release passes over frames it does not know.
        let peer = try await RawPeer.connect(to: ends.collector.port)
        try #require(await eventually { peer.isHandshakeDone })
        peer.send(.hello(.make(instance: 5)))
        try #require(await eventually { ends.replica.opened.count == 2 })
        let silent = try #require(ends.replica.connection)
        failure = await #expect(throws: VerificationFailure.self) {
            try await silent.verify([], within: .milliseconds(50))
        }
        #expect(failure?.code == .timeout && failure?.message.contains("release") == true)
        // Cut while it waits.
        let waiting = Task { try await silent.verify([]) }
        peer.close()
        failure = await #expect(throws: VerificationFailure.self) { try await waiting.value }
        #expect(failure?.code == .notConnected)
        await ends.collector.stop()
    }
}
