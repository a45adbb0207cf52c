import NIOCore
import NIOHTTP1

/// One HTTP connection to the fleet: `/t/INDEX/metrics` is a target, `/control/…` is for the directing script.
final class FleetHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let fleet: Fleet
    private var head: HTTPRequestHead?

    init(fleet: Fleet) {
        self.fleet = fleet
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.split(separator: "/")
        if path.count == 3, path[0] == "t", path[2] == "metrics", let index = Int(path[1]) {
            do {
                guard let body = try fleet.body(of: index) else { return fail(.notFound, context) }
                scrape(index, body, head, context)
            } catch {
                fail(.internalServerError, context)
            }
            return
        }
        switch head.uri {
        case "/control/counters":
            write(context, .ok, "application/json", ByteBuffer(string: fleet.report()))
        case "/control/age/start":
            do {
                try fleet.probe.start()
                write(context, .ok, "application/json", ByteBuffer(string: "{}"))
            } catch {
                write(context, .conflict, "text/plain", ByteBuffer(string: "\(error)"))
            }
        case "/control/age/stop":
            write(context, .ok, "application/json", ByteBuffer(string: fleet.probe.stop()))
        default:
            fail(.notFound, context)
        }
    }

    private func scrape(
        _ index: Int, _ body: RenderedBody, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        let zips = head.headers[canonicalForm: "accept-encoding"].contains { $0 == "gzip" }
        let bytes = zips ? body.gzip : body.plain
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [fleet] in
            fleet.served(index, body, bytes: bytes.readableBytes)
        }
        write(
            context, .ok, "text/plain; version=0.0.4; charset=utf-8", bytes, encoding: zips ? "gzip" : nil,
            promise: promise)
    }

    private func fail(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
        write(context, status, "text/plain", ByteBuffer(string: status.reasonPhrase))
    }

    private func write(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ type: String, _ body: ByteBuffer,
        encoding: String? = nil, promise: EventLoopPromise<Void>? = nil
    ) {
        var headers: HTTPHeaders = ["content-type": type, "content-length": "\(body.readableBytes)"]
        if let encoding { headers.add(name: "content-encoding", value: encoding) }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }
}
