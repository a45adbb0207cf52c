import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay that is a slow link: what the agent sends arrives at so many bytes a second, and what is more than that
/// waits in the kernel's buffers, which are large. The way back is fast.
final class PacedRelay: Sendable {
    /// The slow direction.
    private final class Throttle: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let collector: any Channel
        private let bytesPerSecond: Int
        private var waiting = ByteBuffer()
        private var ticker: RepeatedTask?
        private var isClosed = false
        private var last = NIODeadline.now()
        private static let interval = TimeAmount.milliseconds(10)

        init(collector: any Channel, bytesPerSecond: Int) {
            self.collector = collector
            self.bytesPerSecond = bytesPerSecond
        }

        func handlerAdded(context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
                let (throttle, context) = bound.value
                throttle.pass(context)
            }
        }

        func handlerRemoved(context: ChannelHandlerContext) { ticker?.cancel() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            waiting.writeImmutableBuffer(unwrapInboundIn(data))
        }

        private func pass(_ context: ChannelHandlerContext) {
            // By the clock, so that a busy machine makes no slower link; an idle link saves up a tenth of a second.
            let now = NIODeadline.now()
            let allowance = Double(bytesPerSecond) * min(0.1, Double((now - last).nanoseconds) / 1e9)
            last = now
            let count = min(waiting.readableBytes, Int(allowance))
            if count > 0, let part = waiting.readSlice(length: count) { collector.writeAndFlush(part, promise: nil) }
            waiting.discardReadBytes()
            if waiting.readableBytes < 16 << 10 { context.read() }
            if isClosed, waiting.readableBytes == 0 { collector.close(promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed = true
            collector.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private final class Returner: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let agent: any Channel

        init(agent: any Channel) { self.agent = agent }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            agent.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { agent.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let listener: any Channel

    private init(listener: any Channel) { self.listener = listener }

    static func start(to port: Int, bytesPerSecond: Int) async throws -> PacedRelay {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { agent in
                ClientBootstrap(group: agent.eventLoop).channelOption(.autoRead, value: false)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: "127.0.0.1", port: port)
                    .flatMapThrowing { collector in
                        try agent.pipeline.syncOperations.addHandler(
                            Throttle(collector: collector, bytesPerSecond: bytesPerSecond))
                        try collector.pipeline.syncOperations.addHandler(Returner(agent: agent))
                        collector.setOption(.autoRead, value: true).whenComplete { _ in }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return PacedRelay(listener: listener)
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    func stop() async { try? await listener.close() }
}
