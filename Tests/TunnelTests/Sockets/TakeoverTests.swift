import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// Connections that end, die silently, or are claimed by others.
@Suite(.timeLimit(.minutes(2))) struct TakeoverTests {
    /// Timers with which a dead peer is noticed within a second.
    private var impatient: TunnelTimers {
        var timers = TunnelTimers.quick
        timers.ping = .milliseconds(200)
        timers.dead = .milliseconds(1000)
        timers.contention = .milliseconds(700)
        return timers
    }

    // MARK: Half-open connections

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func `a connection that is dead in one direction or both is given up and replaced`(
        towardsCollector: Bool, towardsAgent: Bool
    ) async throws {
        let collector = try await CollectorSide.start(timers: impatient)
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port, timers: impatient)
        agent.start()
        agent.grow(Array("before ".utf8))
        try #require(await eventually { agent.isWelcome && collector.replica.count(of: 1) == 7 })
        relay.kill(towardsCollector: towardsCollector, towardsAgent: towardsAgent)
        agent.grow(Array("after".utf8))
        #expect(await eventually { agent.welcomes >= 2 && collector.replica.opened.count >= 2 })
        #expect(await eventually { !collector.replica.closed.isEmpty })
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("before after".utf8) })
        if towardsAgent {
            #expect(["silent", "eof", "replaced"].contains(agent.failures.first?.reason))
        }
        #expect(collector.authority.contended.isEmpty)
        agent.stop()
        await relay.stop()
        await collector.stop()
    }

    // MARK: Who is connected

    @Test func `a second instance is refused while the first answers`() async throws {
        let collector = try await CollectorSide.start(timers: impatient)
        let first = try AgentSide(port: collector.port, instance: 1)
        first.start()
        try #require(await eventually { first.isWelcome })
        let second = try AgentSide(port: collector.port, instance: 2)
        second.start()
        #expect(await eventually { !second.failures.isEmpty })
        second.stop()
        let failure = try #require(second.failures.first)
        #expect(failure.stage == .welcome && failure.reason == "duplicate")
        #expect(failure.cure.contains("certificate of its own"))
        #expect(second.welcomes == 0)
        #expect(collector.authority.contended.first == "refused")
        #expect(collector.authority.refusals.first?.reason == "duplicate")
        #expect(collector.authority.refusals.first?.agent == "agent")
        #expect(first.welcomes == 1 && first.isWelcome)
        guard case .ended(_, _, retryIn: .seconds(10))? = second.history.last else {
            Issue.record("the collector's delay was not kept")
            return
        }
        first.stop()
        await collector.stop()
    }

    @Test func `a second instance takes over within moments from one that is dead`() async throws {
        var timers = impatient
        timers.dead = .seconds(60)
        let collector = try await CollectorSide.start(timers: timers)
        let relay = try await Relay.start(to: collector.port)
        let first = try AgentSide(port: relay.port, instance: 1, timers: timers)
        first.start()
        try #require(await eventually { first.isWelcome })
        relay.kill(towardsCollector: true, towardsAgent: true)
        let second = try AgentSide(port: collector.port, instance: 2, timers: timers)
        second.start()
        second.grow(Array("mine now".utf8))
        #expect(await eventually(within: .seconds(5)) { second.isWelcome })
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("mine now".utf8) })
        #expect(collector.authority.contended == ["taken_over"])
        #expect(await eventually { collector.replica.closed == ["replaced"] })
        #expect(collector.replica.connection?.instance == 2)
        second.stop()
        first.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `of three instances that find one dead, one takes over and keeps its place`() async throws {
        var timers = impatient
        timers.dead = .seconds(60)
        let collector = try await CollectorSide.start(timers: timers)
        let relay = try await Relay.start(to: collector.port)
        let first = try AgentSide(port: relay.port, instance: 1, timers: timers)
        first.start()
        try #require(await eventually { first.isWelcome })
        relay.kill(towardsCollector: true, towardsAgent: true)
        let others = try (2...4).map { try AgentSide(port: collector.port, instance: $0, timers: timers) }
        for other in others { other.start() }
        #expect(
            await eventually { others.count { $0.isWelcome } == 1 && others.count { !$0.failures.isEmpty } == 2 })
        #expect(others.reduce(0) { $0 + $1.welcomes } == 1)
        #expect(collector.authority.contended.filter { $0 == "taken_over" }.count == 1)
        for other in others { other.stop() }
        first.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `the same instance replaces its old connection at once, without an event`() async throws {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let first = try AgentSide(port: relay.port, instance: 7)
        first.start()
        try #require(await eventually { first.isWelcome })
        relay.kill(towardsCollector: true, towardsAgent: true)
        let again = try AgentSide(port: collector.port, instance: 7)
        again.start()
        #expect(await eventually { again.isWelcome })
        #expect(await eventually { collector.replica.closed == ["replaced"] })
        #expect(collector.authority.contended.isEmpty)
        again.stop()
        first.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test func `a probe is answered, and neither displaces nor counts`() async throws {
        var timers = TunnelTimers.quick
        timers.welcome = .milliseconds(500)
        let collector = try await CollectorSide.start(timers: timers)
        let agent = try AgentSide(port: collector.port, instance: 1)
        agent.start()
        try #require(await eventually { agent.isWelcome })
        collector.replica.preload(9, [1, 2, 3])
        let log = MemoryLog(epoch: 9)
        log.grow([1])
        let probe = try AgentSide(port: collector.port, instance: 2, isProbe: true, log: log)
        probe.start()
        #expect(await eventually { probe.isWelcome })
        #expect(agent.welcomes == 1 && agent.isWelcome)
        #expect(collector.replica.opened.count == 1)
        #expect(collector.authority.connected == ["agent"])
        #expect(collector.authority.contended.isEmpty)
        // It changed nothing at its own side either.
        #expect(log.held == [LogRange(epoch: 9, from: 0, to: 1)] && log.welcomes.isEmpty)
        // One that stays is closed.
        #expect(await eventually { !probe.failures.isEmpty })
        probe.stop()
        #expect(collector.authority.refusals.isEmpty)
        agent.stop()
        await collector.stop()
    }

    // MARK: Goodbyes

    @Test func `an agent that stops says goodbye`() async throws {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        agent.start()
        try #require(await eventually { agent.isWelcome })
        agent.stop()
        #expect(await eventually { collector.replica.closed == ["goodbye"] })
        #expect(collector.authority.disconnected.first?.reason == "goodbye")
        #expect(await eventually { agent.failures.first?.reason == "stopped" })
        await collector.stop()
        // It stays away.
        #expect(agent.welcomes == 1 && agent.failures.count == 1)
    }

    @Test func `an agent that stops while it dials or waits is silent from then on`() async throws {
        let server = try await SilentServer.start()
        let dialling = try AgentSide(port: server.port)
        dialling.start()
        dialling.stop()
        #expect(await eventually { dialling.failures.map(\.reason) == ["stopped"] })
        await server.stop()
        let waiting = try AgentSide(port: server.port)
        waiting.start()
        #expect(await eventually { !waiting.failures.isEmpty })
        waiting.stop()
        let count = waiting.history.count
        #expect(!(await eventually(within: .milliseconds(300)) { waiting.history.count > count + 2 }))
    }

    @Test func `a collector that stops says goodbye, names a delay, and lets nobody in`() async throws {
        let collector = try await CollectorSide.start()
        let agents = try ["agent", "other"].map { name in
            try AgentSide(port: collector.port, certificate: collector.certificates.agent(name))
        }
        for agent in agents { agent.start() }
        try #require(await eventually { agents.allSatisfy(\.isWelcome) })
        // One that is authenticated and has not introduced itself.
        let late = try await RawPeer.connect(to: collector.port, certificate: collector.certificates.agent("other"))
        try #require(await eventually { late.isHandshakeDone })
        await collector.listener.stop(message: "maintenance")
        #expect(await eventually { agents.allSatisfy { !$0.failures.isEmpty } })
        for agent in agents {
            #expect(agent.failures.first?.reason == "shutdown")
            #expect(agent.failures.first?.message.contains("maintenance") == true)
            agent.stop()
        }
        late.send(.hello(.make()))
        #expect(await eventually { late.isClosed })
        #expect(!late.frames.contains { $0.type == .welcome })
        #expect(collector.authority.disconnected.count == 2)
    }

    @Test func `a delay named in a goodbye is kept`() async throws {
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port)
        agent.start()
        try #require(await eventually { agent.isWelcome && collector.replica.connection != nil })
        let asked = NIODeadline.now()
        collector.replica.connection?.goAway(.restart, reconnect: .milliseconds(700), message: "later")
        #expect(await eventually { agent.failures.count == 1 })
        guard case .ended(_, wasConnected: true, retryIn: .milliseconds(700))? = agent.history.last(where: { $0.isEnd })
        else {
            Issue.record("the collector's delay was not kept: \(agent.history)")
            return
        }
        #expect(await eventually { agent.welcomes == 2 })
        #expect(NIODeadline.now() - asked >= .milliseconds(700))
        agent.stop()
        await collector.stop()
    }

    @Test func `an agent finds a collector that comes back`() async throws {
        let first = try await CollectorSide.start()
        let port = first.port
        let agent = try AgentSide(port: port)
        agent.start()
        agent.grow(Array("one ".utf8))
        try #require(await eventually { first.replica.count(of: 1) == 4 })
        await first.stop()
        agent.grow(Array("two".utf8))
        let second = try await CollectorSide.start(port: port, authority: first.authority)
        #expect(await eventually { second.replica.bytes(of: 1) == Array("one two".utf8) })
        #expect(second.replica.repeated == 0)
        agent.stop()
        await second.stop()
    }
}

extension AgentSide.Happening {
    fileprivate var isEnd: Bool {
        if case .ended = self { return true }
        return false
    }
}
