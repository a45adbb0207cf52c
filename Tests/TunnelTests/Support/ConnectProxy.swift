import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy that understands CONNECT and leads everybody to one port.
final class ConnectProxy: Sendable {
    private final class Requests: Sendable {
        let list = Mutex<[String]>([])
    }

    /// Answers the CONNECT request, then hands bytes on; one at each end of the tunnel.
    private final class Tunneler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var other: (any Channel)?
        var head = ByteBuffer()
        let onRequest: ((String, any Channel) -> Void)?

        init(other: (any Channel)?, onRequest: ((String, any Channel) -> Void)?) {
            self.other = other
            self.onRequest = onRequest
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if let other { return other.writeAndFlush(bytes, promise: nil) }
            head.writeImmutableBuffer(bytes)
            guard head.readableBytesView.suffix(4).elementsEqual([13, 10, 13, 10]) else { return }
            onRequest?(String(buffer: head), context.channel)
        }

        func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let channel: any Channel
    private let log: Requests

    private init(channel: any Channel, log: Requests) {
        self.channel = channel
        self.log = log
    }

    /// - Parameters:
    ///   - credentials: what is asked for, nil for none.
    ///   - isSlow: whether the answer is sent in single bytes.
    static func start(
        to port: Int, credentials: String? = nil, answer: String = "HTTP/1.1 200 OK\r\n\r\n", isSlow: Bool = false
    ) async throws -> ConnectProxy {
        let log = Requests()
        let expected = credentials.map { "Proxy-Authorization: Basic \(Data($0.utf8).base64EncodedString())\r\n" }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    let near = Tunneler(other: nil) { request, client in
                        log.list.withLock { $0.append(request) }
                        if let expected, !request.contains(expected) {
                            client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 407 No\r\n\r\n"), promise: nil)
                            return
                        }
                        open(client, to: port, answer: answer, isSlow: isSlow)
                    }
                    try client.pipeline.syncOperations.addHandler(near)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ConnectProxy(channel: channel, log: log)
    }

    private static func open(_ client: any Channel, to port: Int, answer: String, isSlow: Bool) {
        ClientBootstrap(group: client.eventLoop)
            .connect(host: "127.0.0.1", port: port)
            .whenSuccess { server in
                try? server.pipeline.syncOperations.addHandler(Tunneler(other: client, onRequest: nil))
                (try? client.pipeline.syncOperations.handler(type: Tunneler.self))?.other = server
                for byte in isSlow ? answer.map(String.init) : [answer] {
                    client.writeAndFlush(ByteBuffer(string: byte), promise: nil)
                }
            }
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    /// The heads of all requests.
    var requests: [String] { log.list.withLock { $0 } }

    func stop() async { try? await channel.close() }
}
