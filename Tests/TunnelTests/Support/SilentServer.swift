import NIOCore
import NIOPosix
import Synchronization

/// Accepts connections and answers each read with what a test gives it, by default nothing.
final class SilentServer: Sendable {
    private final class Answerer: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        let received: Received
        let answer: @Sendable (ByteBuffer, any Channel) -> Void

        init(received: Received, answer: @escaping @Sendable (ByteBuffer, any Channel) -> Void) {
            self.received = received
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            let all = received.bytes.withLock { all in
                all.writeImmutableBuffer(bytes)
                return all
            }
            answer(all, context.channel)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private final class Received: Sendable {
        let bytes = Mutex(ByteBuffer())
    }

    private let channel: any Channel
    private let received: Received

    private init(channel: any Channel, received: Received) {
        self.channel = channel
        self.received = received
    }

    /// `answer` is called with all that arrived so far, each time something arrives.
    static func start(
        answer: @escaping @Sendable (ByteBuffer, any Channel) -> Void = { _, _ in }
    ) async throws -> SilentServer {
        let received = Received()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(received: received, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return SilentServer(channel: channel, received: received)
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    /// All that arrived, over all connections.
    var text: String { received.bytes.withLock { String(buffer: $0) } }

    func stop() async { try? await channel.close() }
}
