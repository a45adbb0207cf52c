import Foundation
import NIOCore
import NIOPosix

/// A reader without opinions: one request on a connection of its own, and every byte that came back.
enum HTTPReader {
    /// - Parameter target: path and query, sent as they are.
    static func request(
        _ target: String, host: String = "127.0.0.1", port: Int, method: String = "GET",
        headers: [(String, String)] = [], within limit: Duration = .seconds(30)
    ) async throws -> HTTPReply {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: [UInt8].self)
        let seconds = TimeAmount.seconds(limit.components.seconds)
        let timeout = eventLoop.scheduleTask(in: seconds) {
            promise.fail(NotInTime(what: "an answer to \(method) \(target)", limit: limit, last: ""))
        }
        do {
            let channel = try await ClientBootstrap(group: eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Gathering(promise))
                    }
                }
                .connect(host: host, port: port).get()
            var text = "\(method) \(target) HTTP/1.1\r\nConnection: close\r\n"
            if !headers.contains(where: { $0.0.lowercased() == "host" }) { text += "Host: \(host):\(port)\r\n" }
            if method == "POST" { text += "Content-Length: 0\r\n" }
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            try await channel.writeAndFlush(ByteBuffer(string: text + "\r\n"))
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        } catch {
            promise.fail(error)
        }
        defer { timeout.cancel() }
        return try HTTPReply(parsing: try await promise.futureResult.get(), hasBody: method != "HEAD")
    }
}

/// Collects what arrives until the other side closes.
private final class Gathering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<[UInt8]>
    private var bytes: [UInt8] = []

    init(_ promise: EventLoopPromise<[UInt8]>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(bytes)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}
