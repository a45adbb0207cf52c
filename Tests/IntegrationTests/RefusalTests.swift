import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Who may not come in is told why on both sides, is never taken for connected, and disturbs nobody.
@Suite(.onStage) struct RefusalTests {
    /// What is wrong with an agent that finds nothing wrong with itself.
    enum Fault: String, Sendable, CaseIterable {
        case otherAuthority, otherTrustDomain, expired, serverCertificate, notListed

        /// The closed word of the collector's log and metrics, the step the agent says it failed at, part of the cure.
        var expected: (code: String, step: String, cure: String) {
            switch self {
            case .otherAuthority: ("unknown_authority", "tls", "client_ca_file")
            case .otherTrustDomain: ("identity", "welcome", "certs/issue")
            case .expired: ("expired", "tls", "renew it")
            case .serverCertificate: ("wrong_purpose", "tls", "clientAuth")
            case .notListed: ("denied", "welcome", "add this agent to `agents`")
            }
        }

        func pair(_ foreign: TestCertificates?) throws -> TestCertificates.Pair? {
            let certificates = try Certificates.shared
            switch self {
            case .otherAuthority: return foreign?.agent()
            case .otherTrustDomain: return try certificates.agentOfAnotherTrustDomain()
            case .expired: return try certificates.expiredAgent()
            case .serverCertificate: return try certificates.agentForServers()
            case .notListed: return certificates.agent("third")
            }
        }
    }

    @Test(arguments: Fault.allCases)
    func `an agent that must not connect is told why`(fault: Fault) async throws {
        var options = Collector.Options()
        options.agents = ["{name: agent}", "{name: second}"]
        let collector = try await Collector.start(options)
        let welcome = try await Agent.start(.init(name: "second", collectorPort: collector.tunnelPort))
        try await collector.connected("second")
        let foreign = try fault == .otherAuthority ? TestCertificates() : nil
        var settings = Agent.Options(collectorPort: collector.tunnelPort)
        settings.pair = try fault.pair(foreign)
        let stranger = try await Agent.start(settings)
        try await eventually("the collector says why") {
            collector.process.line("connection refused", "code=\(fault.expected.code) ", "reason=")
        }
        let line = try await eventually("the agent says why") { stranger.process.line("not connected") }
        #expect(line.contains("step=\(fault.expected.step)"), "\(line)")
        let cure = try #require(line.range(of: " do="))
        #expect(line[cure.upperBound...].contains(fault.expected.cure), "\(line)")
        #expect(stranger.process.line("msg=connected") == nil)
        #expect(try await collector.agent("agent", "culvert_agent_connected") == 0)
        let refused = try await collector.get("/metrics").sample(
            "culvert_tunnel_refused_total{reason=\"\(fault.expected.code)\"}")
        #expect((refused ?? 0) > 0)
        // The other one noticed nothing.
        #expect(try await collector.agent("second", "culvert_agent_connected") == 1)
        #expect(welcome.process.line("connection lost") == nil)
    }

    @Test func `a certificate without one name ends an agent at the start`() async throws {
        for pair in [try Certificates.shared.agentWithTwoNames(), try Certificates.shared.agentWithoutName()] {
            var settings = Agent.Options(collectorPort: 1)
            settings.pair = pair
            let agent = try await Agent.start(settings)
            #expect(try await agent.process.end() == .exited(78))
            let line = try #require(agent.process.lines.last)
            #expect(line.contains(pair.certificate) && line.contains("certs/issue"), "\(line)")
        }
    }

    @Test func `an agent does not talk to a collector of another name`() async throws {
        let collector = try await Collector.start()
        var settings = Agent.Options(collectorPort: collector.tunnelPort)
        settings.serverName = "elsewhere.example"
        let agent = try await Agent.start(settings)
        let line = try await eventually("the agent says why") { agent.process.line("not connected", "step=tls") }
        #expect(line.contains("elsewhere.example") && line.contains("localhost"), "\(line)")
        try await eventually("the collector logs it") { collector.process.line("connection refused") }
        #expect(collector.process.line("agent connected") == nil)
    }

    @Test func `what is no agent at all is refused by its own word`() async throws {
        let collector = try await Collector.start()
        let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort))
        try await collector.connected()
        let good = try Certificates.shared.agent("second")
        func client(_ arguments: [String], _ pair: TestCertificates.Pair?) -> [String] {
            ["openssl", "s_client", "-connect", "127.0.0.1:\(collector.tunnelPort)"] + arguments
                + (pair.map { ["-cert", $0.certificate, "-key", $0.key] } ?? [])
        }
        let directory = try TemporaryDirectory()
        for (code, command) in [
            ("tls_version", client(["-tls1_2", "-alpn", "culvert/1"], good)),
            ("no_alpn", client(["-alpn", "h2"], good)),
            ("no_client_certificate", client(["-alpn", "culvert/1"], nil)),
            // Welcome at the door, and leaves without a word.
            ("eof", client(["-alpn", "culvert/1"], good)),
        ] {
            let process = try await ChildProcess.start(command, name: "openssl", in: directory)
            try await eventually("it is refused as \(code)") {
                collector.process.line("connection refused", "code=\(code) ", "reason=")
            }
            try await process.kill()
        }
        let noise = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        for (words, bytes) in [
            ("plain HTTP request", Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)), ("does not speak TLS", noise),
        ] {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: collector.tunnelPort).get()
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            try await eventually("it is refused: \(words)") {
                collector.process.line("connection refused", "code=not_tls ", words)
            }
            try await eventually("and the connection closed") { !channel.isActive }
        }
        #expect(try await collector.agent("agent", "culvert_agent_connected") == 1)
        #expect(agent.process.line("connection lost") == nil)
    }
}
