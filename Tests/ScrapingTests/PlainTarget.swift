import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A target on loopback that answers each path as told.
final class PlainTarget: Sendable {
    enum Answer: Sendable {
        case answer(_ status: String, _ body: String)
        /// 200 after a while.
        case late(_ body: String, TimeAmount)
        case silence
        case close
    }

    private struct State {
        var channel: (any Channel)?
        var connections = 0
        var requests = 0
        var open = 0
        var mostAtOnce = 0
        var authorizations: [String] = []
    }

    private let state = Mutex(State())

    var port: Int { state.withLock { $0.channel?.localAddress?.port ?? 0 } }
    var connections: Int { state.withLock { $0.connections } }
    var requests: Int { state.withLock { $0.requests } }
    /// The Authorization of every request that had one.
    var authorizations: [String] { state.withLock { $0.authorizations } }
    /// The most requests under way at the same time.
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    static func start(_ answer: @escaping @Sendable (String) -> Answer) async throws -> PlainTarget {
        let target = PlainTarget()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                target.state.withLock { $0.connections += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    try sync.configureHTTPServerPipeline()
                    try sync.addHandler(Handler(target: target, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        target.state.withLock { $0.channel = channel }
        return target
    }

    func stop() async {
        try? await state.withLock { $0.channel }?.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let target: PlainTarget
        private let answer: @Sendable (String) -> Answer

        init(target: PlainTarget, answer: @escaping @Sendable (String) -> Answer) {
            self.target = target
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            target.state.withLock { state in
                state.requests += 1
                state.authorizations += head.headers["authorization"]
                state.open += 1
                state.mostAtOnce = max(state.mostAtOnce, state.open)
            }
            switch answer(head.uri) {
            case .answer(let status, let body): send(context, Int(status.prefix(3)) ?? 200, body)
            case .late(let body, let time):
                context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.send(context, 200, body) }
            case .silence: break
            case .close: context.close(promise: nil)
            }
        }

        private func send(_ context: ChannelHandlerContext, _ status: Int, _ body: String) {
            target.state.withLock { $0.open -= 1 }
            let headers: HTTPHeaders = ["Content-Length": "\(body.utf8.count)", "Content-Type": "text/plain"]
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
