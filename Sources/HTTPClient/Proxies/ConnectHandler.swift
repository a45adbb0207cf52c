import NIOCore
import TLS

/// Asks an HTTP proxy to CONNECT to a target, then puts the target's TLS handler in its place and gets out of the way.
///
/// Owns the head of the proxy's answer until it is whole, within the limits on any head. `complete` is called once, when
/// the way is free or will not be; then the channel is closed.
final class ConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: Proxy
    private let target: String
    private let next: any ChannelHandler
    private var parser = ResponseParser()
    private var complete: ((HTTPClientError?) -> Void)?
    private var hasBegun = false

    /// `next` is put behind this handler when the way is free.
    init(
        proxy: Proxy, target url: HTTPURL, next: any ChannelHandler, complete: @escaping (HTTPClientError?) -> Void
    ) {
        self.proxy = proxy
        // CONNECT names the port, always; a zone means nothing to the proxy.
        let host = url.host.prefix { $0 != "%" }
        target = host.contains(":") ? "[\(host)]:\(url.port)" : "\(host):\(url.port)"
        self.next = next
        self.complete = complete
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        begin(context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !hasBegun else { return }
        hasBegun = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    private var request: String {
        var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let authorization = proxy.authorization { text += "Proxy-Authorization: \(authorization.value)\r\n" }
        for header in proxy.connectHeaders {
            // The URL's credentials win, as in Prometheus.
            if proxy.authorization != nil, header.name.lowercased() == "proxy-authorization" { continue }
            text += "\(header.name): \(header.value.value)\r\n"
        }
        return text + "\r\n"
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard complete != nil else { return }
        var bytes = unwrapInboundIn(data)
        do throws(HTTPClientError) {
            // Only the head is asked for: what follows a good one is the target's.
            guard case .head(let head)? = try parser.next(&bytes) else { return }
            guard (200..<300).contains(head.status) else {
                let reason = head.reason.isEmpty ? "" : " \(head.reason)"
                throw HTTPClientError(
                    .connectionFailed, "proxy \(proxy) answered \(head.status)\(reason) to CONNECT \(target)",
                    status: head.status)
            }
        } catch {
            let isAnswer = error.code == .connectionFailed
            return fail(
                context,
                isAnswer
                    ? error : HTTPClientError(.connectionFailed, "proxy \(proxy) sent \(error.message) to CONNECT"))
        }
        succeed(context, rest: bytes)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The proxy's handshake is not the target's: nobody behind must take it for that.
        if !(event is TLSHandshakeInfo) { context.fireUserInboundEventTriggered(event) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, Self.translate(error, proxy))
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(
            context,
            HTTPClientError(.connectionFailed, "proxy \(proxy) closed the connection without answering CONNECT"))
        context.fireChannelInactive()
    }

    private func succeed(_ context: ChannelHandlerContext, rest: ByteBuffer) {
        guard let complete else { return }
        self.complete = nil
        do {
            try context.pipeline.syncOperations.addHandler(next, position: .after(self))
        } catch {
            complete(HTTPClientError(.connectionFailed, "cannot go on through proxy \(proxy)"))
            return context.close(promise: nil)
        }
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        complete(nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: HTTPClientError) {
        guard let complete else { return }
        self.complete = nil
        complete(error)
        context.close(promise: nil)
    }

    private static func translate(_ error: any Error, _ proxy: Proxy) -> HTTPClientError {
        if let error = error as? IOError {
            return HTTPClientError(.connectionFailed, "proxy \(proxy): \(SystemError.text(error))")
        }
        let closed = HTTPClientError(
            .connectionFailed, "proxy \(proxy) closed the connection without answering CONNECT")
        guard let known = Security.translate(error) else { return closed }
        return HTTPClientError(known.code, "proxy \(proxy): \(known.message)")
    }
}
