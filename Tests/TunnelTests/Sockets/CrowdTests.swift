import NIOCore
import TestSupport
import Testing

@testable import Tunnel

/// Connections that only hold places.
@Suite(.timeLimit(.minutes(2))) struct CrowdTests {
    @Test func `64 connections that say nothing, from many addresses, do not keep an agent out`() async throws {
        var limits = Admission.Limits()
        limits.pending = 16
        limits.pendingPerAddress = 4
        let collector = try await CollectorSide.start(admission: limits)
        var crowd: [RawPeer] = []
        for number in 0..<64 {
            crowd.append(
                try await RawPeer.connect(to: collector.port, from: "127.0.1.\(1 + number / 4)", isTLS: false))
        }
        let agent = try AgentSide(port: collector.port)
        agent.start()
        #expect(await eventually(within: .seconds(5)) { agent.isWelcome })
        #expect(agent.welcomes == 1 && agent.failures.isEmpty)
        #expect(await eventually { collector.authority.refusals.count { $0.reason == "evicted" } >= 64 - 16 })
        #expect(await eventually { crowd.count(where: \.isClosed) >= 64 - 16 })
        for peer in crowd { peer.close() }
        agent.stop()
        await collector.stop()
    }

    @Test func `connections that say nothing from the agent's own address do not keep it out either`() async throws {
        var limits = Admission.Limits()
        limits.pendingPerAddress = 4
        limits.burst = 1000
        let collector = try await CollectorSide.start(admission: limits)
        var crowd: [RawPeer] = []
        for _ in 0..<64 { crowd.append(try await RawPeer.connect(to: collector.port, isTLS: false)) }
        let agent = try AgentSide(port: collector.port)
        agent.start()
        #expect(await eventually(within: .seconds(5)) { agent.isWelcome })
        for peer in crowd { peer.close() }
        agent.stop()
        await collector.stop()
    }

    @Test func `an address that dials too often is refused, others are not`() async throws {
        var limits = Admission.Limits()
        limits.burst = 3
        limits.perSecond = 0.001
        let collector = try await CollectorSide.start(admission: limits)
        for _ in 0..<5 {
            try await RawPeer.connect(to: collector.port, from: "127.0.2.1", isTLS: false).close()
        }
        #expect(await eventually { collector.authority.refusals.contains { $0.reason == "rate" } })
        #expect(try await collector.isAlive())
        await collector.stop()
    }

    @Test func `places are given back when agents are in`() async throws {
        var limits = Admission.Limits()
        limits.pending = 1
        limits.pendingPerAddress = 1
        let collector = try await CollectorSide.start(admission: limits)
        for name in ["agent", "other"] {
            let agent = try AgentSide(port: collector.port, certificate: collector.certificates.agent(name))
            agent.start()
            #expect(await eventually { agent.isWelcome })
        }
        await collector.stop()
    }
}
