import NIOCore
import NIOHTTP1

/// Answers every request with one status and a text, and tells of what it was sent.
final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let status: HTTPResponseStatus
    private let onRequest: () -> String
    private let onBody: (Int) -> Void

    /// `onBody` hears of every piece of a body, `onRequest` of every complete request, and says what to answer.
    init(status: HTTPResponseStatus, onRequest: @escaping () -> String, onBody: @escaping (Int) -> Void) {
        self.status = status
        self.onRequest = onRequest
        self.onBody = onBody
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: break
        case .body(let bytes): onBody(bytes.readableBytes)
        case .end:
            let body = ByteBuffer(string: onRequest())
            var head = HTTPResponseHead(version: .http1_1, status: status)
            if status.mayHaveResponseBody {
                head.headers.add(name: "content-type", value: "application/json")
                head.headers.add(name: "content-length", value: "\(body.readableBytes)")
            }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if status.mayHaveResponseBody { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
