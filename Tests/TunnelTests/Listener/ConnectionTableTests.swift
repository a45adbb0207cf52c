import NIOCore
import NIOPosix
import TLS
import TestSupport
import Testing

@testable import Tunnel

/// At most one connection per agent.
@Suite struct ConnectionTableTests {
    private let table = ConnectionTable()

    /// A handle as the table holds it; its handler is never used.
    private func connection(_ number: UInt64, instance: UInt64, agent: String = "a") async throws -> TunnelConnection {
        let certificates = try #require(TestCertificates.shared)
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .server, certificateFile: certificates.collector.certificate,
                keyFile: certificates.collector.key, certificateAuthorityFile: certificates.authority))
        let shared = TunnelListener.Shared(
            TunnelListener.Configuration(host: "", port: 0, trustDomain: "", name: "", wallClock: { 0 }),
            MemoryAuthority(), MultiThreadedEventLoopGroup.singleton, tls)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        return try await eventLoop.submit {
            TunnelConnection(
                number: number, agent: agent, peer: "peer\(number)", instance: instance, eventLoop: eventLoop,
                handler: CollectorTunnelHandler(listener: shared, peer: "", number: number))
        }.get()
    }

    private func claim(_ connection: TunnelConnection, dead: UInt64? = nil) -> String {
        switch table.claim(connection, dead: dead) {
        case .granted(replacing: nil): "granted"
        case .granted(replacing: let old?): "replaces \(old.number)"
        case .held(by: let holder): "held by \(holder.number)"
        case .closed: "closed"
        }
    }

    @Test func `a name that is free is granted, to its own instance again and again`() async throws {
        let first = try await connection(1, instance: 7)
        #expect(claim(first) == "granted")
        #expect(claim(try await connection(2, instance: 7)) == "replaces 1")
        // The old one's end does not free the name of the new one.
        table.release(first)
        #expect(table.close().map(\.number) == [2])
    }

    @Test func `another instance waits, and displaces only the one that was found dead`() async throws {
        _ = claim(try await connection(1, instance: 7))
        let second = try await connection(2, instance: 8)
        #expect(claim(second) == "held by 1")
        #expect(claim(second, dead: 1) == "replaces 1")
        // A third also found the first dead; meanwhile the second lives there.
        #expect(claim(try await connection(3, instance: 9), dead: 1) == "held by 2")
    }

    @Test func `names are apart from each other, and free again when released`() async throws {
        _ = claim(try await connection(1, instance: 7))
        let other = try await connection(2, instance: 8, agent: "b")
        #expect(claim(other) == "granted")
        table.release(other)
        #expect(claim(try await connection(3, instance: 9, agent: "b")) == "granted")
    }

    @Test func `nobody is let in once it is closed`() async throws {
        #expect(table.close().isEmpty)
        #expect(claim(try await connection(1, instance: 7)) == "closed")
    }
}
