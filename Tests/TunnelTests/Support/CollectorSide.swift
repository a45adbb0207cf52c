import NIOCore
import NIOPosix
import ScrapeLog
import TLS
import TestSupport
import Testing

@testable import Tunnel

/// A tunnel listener on the loopback with its authority, and what agents need to dial it.
struct CollectorSide: Sendable {
    let certificates: TestCertificates
    let authority: MemoryAuthority
    let listener: TunnelListener

    static func start(
        timers: TunnelTimers = .quick, admission: Admission.Limits = .init(), certificate: TestCertificates.Pair? = nil,
        port: Int = 0, authority: MemoryAuthority = MemoryAuthority(),
        logVersions: [UInt16] = SegmentHeader.readableVersions,
        wallClock: @escaping @Sendable () -> Int64 = { 1_700_000_000_000_000 }
    ) async throws -> CollectorSide {
        let certificates = try #require(TestCertificates.shared)
        let own = certificate ?? certificates.collector
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .server, minimumVersion: .tls13, certificateFile: own.certificate, keyFile: own.key,
                certificateAuthorityFile: certificates.authority, applicationProtocols: [Protocol.application]))
        var configuration = TunnelListener.Configuration(
            host: "127.0.0.1", port: port, trustDomain: certificates.trustDomain, name: "test", wallClock: wallClock)
        configuration.timers = timers
        configuration.admission = admission
        configuration.logVersions = logVersions
        let listener = try await TunnelListener.start(
            configuration, tls: tls, authority: authority, group: MultiThreadedEventLoopGroup.singleton)
        return CollectorSide(certificates: certificates, authority: authority, listener: listener)
    }

    var port: Int { listener.port ?? 0 }

    var replica: MemoryReplica { authority.replica() }

    func stop() async { await listener.stop(message: "the test is over") }

    /// True when a well-behaved agent is let in, now.
    func isAlive() async throws -> Bool {
        let agent = try AgentSide(port: port, certificate: certificates.agent("other"))
        agent.start()
        defer { agent.stop() }
        return await eventually { agent.isWelcome }
    }
}

extension TunnelTimers {
    /// Short where waiting is not the point, patient where a busy machine could make a difference.
    static var quick: TunnelTimers {
        var timers = TunnelTimers()
        timers.acknowledge = .milliseconds(10)
        timers.firstBackoff = .milliseconds(20)
        timers.maximumBackoff = .milliseconds(100)
        return timers
    }
}

/// Waits until `condition` holds; false when it did not within `limit`.
func eventually(within limit: TimeAmount = .seconds(20), _ condition: () -> Bool) async -> Bool {
    let deadline = NIODeadline.now() + limit
    while !condition() {
        guard NIODeadline.now() < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}
