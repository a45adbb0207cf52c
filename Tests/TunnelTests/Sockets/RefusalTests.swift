import NIOCore
import ScrapeLog
import TLS
import TestSupport
import Testing

@testable import Tunnel

/// Who is refused, with which reason at the collector, and what the agent says about it. After each, the listener
/// still lets a well-behaved agent in.
@Suite(.timeLimit(.minutes(2))) struct RefusalTests {
    private let certificates: TestCertificates

    init() throws { certificates = try #require(TestCertificates.shared) }

    /// Dials with an agent that has something wrong with it.
    private func refusal(
        timers: TunnelTimers = .quick, of make: (Int) throws -> AgentSide
    ) async throws -> (refusal: MemoryAuthority.Refusal, failure: TunnelFailure) {
        let collector = try await CollectorSide.start(timers: timers)
        let agent = try make(collector.port)
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty && !collector.authority.refusals.isEmpty })
        agent.stop()
        #expect(agent.welcomes == 0)
        #expect(collector.authority.connected.isEmpty)
        let refusal = try #require(collector.authority.refusals.first)
        let failure = try #require(agent.failures.first)
        #expect(try await collector.isAlive())
        #expect(!failure.message.isEmpty)
        #expect(!failure.cure.isEmpty, "\(failure)")
        await collector.stop()
        return (refusal, failure)
    }

    @Test func `an agent without a certificate`() async throws {
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, anonymous: true) }
        #expect(refusal.reason == "no_client_certificate")
        #expect(failure.stage == .tls && failure.reason == "tls_alert_116")
    }

    @Test func `an agent whose certificate another authority signed`() async throws {
        let strangers = try TestCertificates()
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: strangers.agent()) }
        #expect(refusal.reason == "unknown_authority")
        #expect(failure.stage == .tls && failure.reason == "tls_alert_48")
    }

    @Test func `an agent of another trust domain`() async throws {
        let pair = try certificates.agentOfAnotherTrustDomain()
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: pair) }
        #expect(refusal.reason == "identity")
        #expect(refusal.message.contains("elsewhere.example"))
        #expect(failure.stage == .welcome && failure.reason == "identity")
        #expect(failure.message.contains("elsewhere.example"))
        #expect(failure.cure.contains("trust domain"))
    }

    @Test func `an agent that writes a version of the log that the collector does not read`() async throws {
        let log = MemoryLog()
        log.withState { $0.logVersion = SegmentHeader.currentVersion + 1 }
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, log: log) }
        #expect(refusal.reason == "version")
        #expect(failure.stage == .welcome && failure.reason == "version")
        #expect(failure.message.contains("writes log version 4, this collector reads 2, 3"))
        #expect(failure.cure.contains("upgrade"))
    }

    @Test func `an agent whose certificate has expired`() async throws {
        let pair = try certificates.expiredAgent()
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: pair) }
        #expect(refusal.reason == "expired")
        #expect(failure.stage == .tls && failure.reason == "tls_alert_45")
    }

    @Test func `an agent whose certificate begins tomorrow`() async throws {
        let pair = try certificates.futureAgent()
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: pair) }
        #expect(refusal.reason == "not_yet_valid")
        #expect(failure.stage == .tls)
    }

    @Test func `an agent whose certificate is for servers`() async throws {
        let pair = try certificates.agentForServers()
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: pair) }
        #expect(refusal.reason == "wrong_purpose")
        #expect(failure.stage == .tls)
    }

    @Test func `an agent with two names, or none`() async throws {
        for pair in [try certificates.agentWithTwoNames(), try certificates.agentWithoutName()] {
            let (refusal, failure) = try await refusal { try AgentSide(port: $0, certificate: pair) }
            #expect(refusal.reason == "identity")
            #expect(failure.stage == .welcome && failure.reason == "identity")
        }
    }

    @Test func `an agent that only speaks TLS 1.2`() async throws {
        let (refusal, failure) = try await refusal { try AgentSide(port: $0, minimum: .tls12, maximum: .tls12) }
        #expect(refusal.reason == "tls_version")
        #expect(failure.stage == .tls && failure.reason == "tls_alert_70")
    }

    @Test func `an agent that names no protocol, or another`() async throws {
        for protocols in [[], ["http/1.1"]] {
            let (refusal, failure) = try await refusal { try AgentSide(port: $0, protocols: protocols) }
            #expect(refusal.reason == "no_alpn")
            // Our own agent always names it; whoever does not learns only that the connection ended.
            #expect(failure.stage == .tls || failure.stage == .welcome)
        }
    }

    @Test func `an agent that is not configured`() async throws {
        let collector = try await CollectorSide.start()
        collector.authority.deny("agent")
        let agent = try AgentSide(port: collector.port)
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        let failure = try #require(agent.failures.first)
        #expect(failure.stage == .welcome && failure.reason == "denied")
        #expect(failure.cure.contains("agents"))
        #expect(collector.authority.refusals.first?.reason == "denied")
        #expect(collector.authority.refusals.first?.agent == "agent")
        guard case .ended(_, wasConnected: false, retryIn: .seconds(60))? = agent.history.last else {
            Issue.record("the collector's delay was not kept: \(agent.history)")
            return
        }
        #expect(try await collector.isAlive())
        agent.stop()
        await collector.stop()
    }

    // MARK: Collectors that an agent refuses

    @Test func `a collector whose certificate is for another name`() async throws {
        let collector = try await CollectorSide.start(
            certificate: try certificates.collector(names: "DNS:other.example"))
        let agent = try AgentSide(port: collector.port, serverName: "localhost")
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty && !collector.authority.refusals.isEmpty })
        let failure = try #require(agent.failures.first)
        #expect(failure.stage == .tls && failure.reason == "name_mismatch")
        #expect(failure.message.contains("localhost"))
        #expect(!failure.cure.isEmpty)
        #expect(agent.welcomes == 0)
        #expect(collector.authority.refusals.first?.reason.hasPrefix("tls_alert_") == true)
        agent.stop()
        await collector.stop()
    }

    @Test func `a collector that another authority signed`() async throws {
        let strangers = try TestCertificates()
        let collector = try await CollectorSide.start()
        let agent = try AgentSide(port: collector.port, authority: strangers.authority)
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        let failure = try #require(agent.failures.first)
        #expect(failure.stage == .tls && failure.reason == "unknown_authority")
        #expect(agent.welcomes == 0)
        agent.stop()
        await collector.stop()
    }

    @Test func `a port where nobody listens, and a name that does not exist`() async throws {
        let collector = try await CollectorSide.start()
        let port = collector.port
        await collector.stop()
        let lonely = try AgentSide(port: port)
        lonely.start()
        #expect(await eventually { !lonely.failures.isEmpty })
        #expect(lonely.failures.first?.stage == .connect && lonely.failures.first?.reason == "refused")
        lonely.stop()
        let lost = try AgentSide(host: "no-such-host.invalid", port: port)
        lost.start()
        #expect(await eventually { !lost.failures.isEmpty })
        #expect(lost.failures.first?.stage == .resolve)
        #expect(lost.failures.first?.message.contains("no-such-host.invalid") == true)
        lost.stop()
    }

    @Test func `a server that accepts and says nothing`() async throws {
        var timers = TunnelTimers.quick
        timers.handshake = .milliseconds(200)
        let server = try await SilentServer.start()
        let agent = try AgentSide(port: server.port, timers: timers)
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        #expect(agent.failures.first?.stage == .tls && agent.failures.first?.reason == "timeout")
        agent.stop()
        await server.stop()
    }

    // MARK: What is not an agent at all

    private func refusal(
        timers: TunnelTimers = .quick, isTLS: Bool, _ talk: (RawPeer) async throws -> Void
    ) async throws -> (refusal: MemoryAuthority.Refusal, frames: [Frame]) {
        let collector = try await CollectorSide.start(timers: timers)
        let peer = try await RawPeer.connect(to: collector.port, isTLS: isTLS)
        try await talk(peer)
        #expect(await eventually { peer.isClosed && !collector.authority.refusals.isEmpty })
        // Before the agent below, which a busy machine may keep from a handshake within these short timers.
        #expect(collector.authority.refusals.count == 1)
        #expect(try await collector.isAlive())
        let refusal = try #require(collector.authority.refusals.first)
        await collector.stop()
        return (refusal, peer.frames)
    }

    @Test func `plain HTTP`() async throws {
        let (refusal, _) = try await refusal(isTLS: false) { peer in
            peer.send(ByteBuffer(string: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        }
        #expect(refusal.reason == "not_tls")
        #expect(refusal.message.contains("HTTP"))
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `a megabyte of random bytes`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var bytes = ByteBuffer()
        for _ in 0..<(1 << 20) / 8 { bytes.writeInteger(random.next()) }
        let (refusal, _) = try await refusal(isTLS: false) { $0.send(bytes) }
        #expect(["not_tls", "tls_version"].contains(refusal.reason), "seed \(seed): \(refusal)")
    }

    @Test func `a frame of 4 GiB, inside TLS`() async throws {
        let (refusal, frames) = try await refusal(isTLS: true) { peer in
            peer.send(ByteBuffer(bytes: [1, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 60_000)))
        }
        #expect(refusal.reason == "protocol_error")
        #expect(refusal.message.contains("4294967295"))
        #expect(frames.isEmpty)
    }

    @Test func `something else than Hello, inside TLS`() async throws {
        let (refusal, _) = try await refusal(isTLS: true) { $0.send(.ping(.init(sequence: 1, clock: 0))) }
        #expect(refusal.reason == "protocol_error")
        #expect(refusal.message.contains("before Hello"))
    }

    @Test func `a version of the protocol that is not spoken here`() async throws {
        let (refusal, frames) = try await refusal(isTLS: true) { peer in
            var hello = Frame.Hello.make()
            hello.minimumVersion = 7
            hello.maximumVersion = 9
            peer.send(.hello(hello))
        }
        #expect(refusal.reason == "version")
        guard case .reject(let reject)? = frames.first else {
            Issue.record("expected Reject, got \(frames)")
            return
        }
        #expect(reject.code == RejectCode.version.rawValue)
        #expect(reject.message.contains("7–9"))
    }

    @Test func `silence before TLS`() async throws {
        var timers = TunnelTimers.quick
        timers.handshake = .milliseconds(200)
        let (refusal, _) = try await refusal(timers: timers, isTLS: false) { _ in }
        #expect(refusal.reason == "handshake_timeout")
    }

    @Test func `silence after TLS`() async throws {
        var timers = TunnelTimers.quick
        timers.welcome = .milliseconds(200)
        let (refusal, _) = try await refusal(timers: timers, isTLS: true) { _ in }
        #expect(refusal.reason == "hello_timeout")
    }

    @Test func `a connection that is closed before anything was said`() async throws {
        let (refusal, _) = try await refusal(isTLS: false) { $0.close() }
        #expect(refusal.reason == "closed")
    }

    // MARK: Agents that misbehave once they are in

    private func misbehaviour(
        timers: TunnelTimers = .quick, _ talk: (RawPeer) async throws -> Void
    ) async throws -> (end: MemoryAuthority.Refusal, frames: [Frame]) {
        let collector = try await CollectorSide.start(timers: timers)
        let peer = try await RawPeer.connect(to: collector.port)
        peer.send(.hello(.make()))
        try #require(await eventually { !collector.authority.connected.isEmpty })
        try await talk(peer)
        #expect(await eventually { !collector.authority.disconnected.isEmpty })
        #expect(await eventually { peer.isClosed })
        #expect(try await collector.isAlive())
        let end = try #require(collector.authority.disconnected.first)
        await collector.stop()
        return (end, peer.frames)
    }

    @Test func `an agent that sends more than its credit is told so and cut off`() async throws {
        let (end, frames) = try await misbehaviour { peer in
            for index in 0..<17 as Range<UInt64> {
                let from = index << 18
                // Nothing is applied: the bytes do not decompress. The credit is minded first.
                peer.send(
                    .append(
                        .init(
                            range: .init(epoch: 1, from: from, to: from + (1 << 18)), prefix: from..<from,
                            compressed: ByteBuffer(string: "nonsense"))))
            }
        }
        #expect(["storage", "protocol_error"].contains(end.reason))
        #expect(frames.contains { $0.type == .goAway })
    }

    @Test func `an agent whose prefix the collector does not hold is told so and cut off`() async throws {
        let (end, frames) = try await misbehaviour { peer in
            peer.send(
                .append(
                    .init(
                        range: .init(epoch: 1, from: 1 << 50, to: (1 << 50) + 9), prefix: 5..<9,
                        compressed: ByteBuffer(string: "nonsense"))))
        }
        #expect(end.reason == "storage")
        #expect(frames.contains { $0.type == .goAway })
    }

    @Test func `an agent that says Hello twice is told so and cut off`() async throws {
        let (end, frames) = try await misbehaviour { $0.send(.hello(.make())) }
        #expect(end.reason == "protocol_error")
        #expect(frames.contains { $0.type == .goAway })
    }

    @Test func `an agent that never finishes a frame is cut off`() async throws {
        var timers = TunnelTimers.quick
        timers.frame = .milliseconds(300)
        let (end, _) = try await misbehaviour(timers: timers) { $0.send(ByteBuffer(bytes: [4, 0, 1])) }
        #expect(end.reason == "slow_frame")
    }
}
