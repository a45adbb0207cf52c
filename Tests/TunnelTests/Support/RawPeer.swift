import NIOCore
import NIOPosix
import Synchronization
import TLS
import TestSupport
import Testing

@testable import Tunnel

/// A client that says what a test tells it to, in TLS or not, and collects the answers.
final class RawPeer: Sendable {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        struct State: Sendable {
            var received = ByteBuffer()
            var isHandshakeDone = false
            var isClosed = false
        }

        let state = Mutex(State())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            state.withLock { state in
                _ = state.received.writeImmutableBuffer(bytes)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is TLSHandshakeInfo { state.withLock { $0.isHandshakeDone = true } }
        }

        func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isClosed = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    private let channel: any Channel
    private let collector: Collector

    private init(channel: any Channel, collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    /// - Parameter from: the local address; all of 127.0.0.0/8 is ours.
    static func connect(
        to port: Int, from local: String = "127.0.0.1", certificate: TestCertificates.Pair? = nil, isTLS: Bool = true
    ) async throws -> RawPeer {
        let certificates = try #require(TestCertificates.shared)
        let own = certificate ?? certificates.agent()
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .client, minimumVersion: .tls13, certificateFile: own.certificate, keyFile: own.key,
                certificateAuthorityFile: certificates.authority, applicationProtocols: [Protocol.application]))
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: try SocketAddress(ipAddress: local, port: 0))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isTLS {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(context: tls, serverName: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel: channel, collector: collector)
    }

    var isHandshakeDone: Bool { collector.state.withLock(\.isHandshakeDone) }
    var isClosed: Bool { collector.state.withLock(\.isClosed) }

    /// The whole frames received so far.
    var frames: [Frame] {
        var decoder = FrameDecoder(maximumPayload: FrameLimits.fromCollector)
        decoder.append(collector.state.withLock(\.received))
        var frames: [Frame] = []
        while let frame = try? decoder.next() { frames.append(frame) }
        return frames
    }

    /// Bytes still unsent when the other side goes are lost, as tests expect.
    func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    func send(_ frame: Frame) {
        var buffer = ByteBuffer()
        FrameEncoder.write(frame, into: &buffer)
        send(buffer)
    }

    func close() { channel.close(promise: nil) }
}
