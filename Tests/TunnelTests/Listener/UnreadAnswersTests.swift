import NIOCore
import NIOEmbedded
import NIOPosix
import ScrapeLog
import TestSupport
import Testing

@testable import TLS
@testable import Tunnel

/// A peer that pings and never reads the answers fills nobody's memory.
@Suite struct UnreadAnswersTests {
    @Test func `while the socket is full the agent leaves pings unanswered`() throws {
        let channel = EmbeddedChannel()
        let handler = AgentTunnelHandler(
            address: TunnelAddress(host: "collector", port: 1), timers: TunnelTimers(), isProbe: false, instance: 1,
            build: "test", source: MemoryLog(), compressor: RangeCompressorBox(), wallClock: { 0 },
            skipsDamage: false, onEvent: { _ in })
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeInfo(peer: nil, version: "", cipher: "", group: "", applicationProtocol: nil))
        try channel.writeInbound(bytes(of: .welcome(.make())))
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
        try channel.writeInbound(pings(3))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes ?? 0 > 0)
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
        channel.isWritable = false
        try channel.writeInbound(pings(900))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.isWritable = true
        try channel.writeInbound(pings(1))
        #expect(try channel.readOutbound(as: ByteBuffer.self) != nil)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    @Test func `while the socket is full the collector leaves pings unanswered`() throws {
        let channel = EmbeddedChannel()
        let certificates = try #require(TestCertificates.shared)
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .server, certificateFile: certificates.collector.certificate,
                keyFile: certificates.collector.key, certificateAuthorityFile: certificates.authority))
        let authority = MemoryAuthority()
        let shared = TunnelListener.Shared(
            TunnelListener.Configuration(
                host: "", port: 0, trustDomain: "culvert.local", name: "", wallClock: { 0 }),
            authority, MultiThreadedEventLoopGroup.singleton, tls)
        try channel.pipeline.syncOperations.addHandler(
            CollectorTunnelHandler(listener: shared, peer: "", number: 1))
        let certificate = PeerCertificate(
            subject: "", issuer: "", serial: "", notBefore: 0, notAfter: 0,
            uriNames: [Array("culvert://culvert.local/agent/agent".utf8)], dnsNames: [], ipAddresses: [],
            otherNameCount: 0, publicKeyHash: [])
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeInfo(peer: certificate, version: "", cipher: "", group: "", applicationProtocol: nil))
        try channel.writeInbound(bytes(of: .hello(.make())))
        #expect(authority.connected == ["agent"])
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
        channel.isWritable = false
        try channel.writeInbound(pings(900))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.isWritable = true
        try channel.writeInbound(pings(1))
        #expect(try channel.readOutbound(as: ByteBuffer.self) != nil)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private func bytes(of frame: Frame) -> ByteBuffer {
        var buffer = ByteBuffer()
        FrameEncoder.write(frame, into: &buffer)
        return buffer
    }

    private func pings(_ count: UInt32) -> ByteBuffer {
        var buffer = ByteBuffer()
        for sequence in 0..<count { FrameEncoder.write(.ping(.init(sequence: sequence, clock: 0)), into: &buffer) }
        return buffer
    }
}
