import NIOCore
import NIOEmbedded
import NIOPosix
import TLS
import TestSupport
import Testing

@testable import TLS
@testable import Tunnel

/// The handlers of both ends without sockets or TLS, joined by a wire that a test can cut after any byte of either
/// direction.
final class BarePair {
    private let agent = EmbeddedChannel()
    private let collector = EmbeddedChannel()
    private let source: MemoryLog
    private(set) var handler: AgentTunnelHandler
    /// Bytes that have passed.
    private(set) var towardsCollector = 0
    private(set) var towardsAgent = 0

    /// A context that nobody uses.
    static func context() throws -> TLSContext {
        let certificates = try #require(TestCertificates.shared)
        return try TLSContext(
            TLSContextConfiguration(
                role: .server, certificateFile: certificates.collector.certificate,
                keyFile: certificates.collector.key, certificateAuthorityFile: certificates.authority))
    }

    /// What all connections of one collector share.
    static func listener(_ authority: MemoryAuthority, _ tls: TLSContext) -> TunnelListener.Shared {
        var configuration = TunnelListener.Configuration(
            host: "", port: 0, trustDomain: "culvert.local", name: "test", wallClock: { 0 })
        configuration.timers = .quick
        return TunnelListener.Shared(configuration, authority, MultiThreadedEventLoopGroup.singleton, tls)
    }

    init(_ source: MemoryLog, _ listener: TunnelListener.Shared, number: UInt64, compressor: RangeCompressorBox) throws
    {
        self.source = source
        handler = AgentTunnelHandler(
            address: TunnelAddress(host: "collector", port: 1), timers: .quick, isProbe: false, instance: 1,
            build: "test", source: source, compressor: compressor, wallClock: { 0 }, skipsDamage: false,
            onEvent: { _ in })
        // Active, as sockets are.
        try agent.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try collector.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try collector.pipeline.syncOperations.addHandler(
            CollectorTunnelHandler(listener: listener, peer: "", number: number))
        try agent.pipeline.syncOperations.addHandler(handler)
        let certificate = PeerCertificate(
            subject: "", issuer: "", serial: "", notBefore: 0, notAfter: 0,
            uriNames: [Array("culvert://culvert.local/agent/agent".utf8)], dnsNames: [], ipAddresses: [],
            otherNameCount: 0, publicKeyHash: [])
        collector.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeInfo(peer: certificate, version: "", cipher: "", group: "", applicationProtocol: nil))
        agent.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeInfo(peer: nil, version: "", cipher: "", group: "", applicationProtocol: nil))
    }

    /// Carries what each side has written to the other until both are silent, or a direction has passed its last byte.
    /// False when that was so.
    func carry(_ limit: Relay.Limit = Relay.Limit()) throws -> Bool {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            agent.embeddedEventLoop.run()
            collector.embeddedEventLoop.run()
            while let bytes = try agent.readOutbound(as: ByteBuffer.self) {
                isQuiet = false
                let count = min(bytes.readableBytes, limit.towardsCollector - towardsCollector)
                towardsCollector += count
                if count > 0, let part = bytes.getSlice(at: bytes.readerIndex, length: count) {
                    try collector.writeInbound(part)
                }
                if count < bytes.readableBytes { return false }
            }
            while let bytes = try collector.readOutbound(as: ByteBuffer.self) {
                isQuiet = false
                let count = min(bytes.readableBytes, limit.towardsAgent - towardsAgent)
                towardsAgent += count
                if count > 0, let part = bytes.getSlice(at: bytes.readerIndex, length: count) {
                    try agent.writeInbound(part)
                }
                if count < bytes.readableBytes { return false }
            }
        }
        return true
    }

    func logGrew() { handler.logGrew() }

    /// Timers run.
    func advance(by time: TimeAmount) {
        agent.embeddedEventLoop.advanceTime(by: time)
        collector.embeddedEventLoop.advanceTime(by: time)
    }

    /// The connection is gone for both.
    func cut() {
        _ = try? agent.finish(acceptAlreadyClosed: true)
        _ = try? collector.finish(acceptAlreadyClosed: true)
    }
}
