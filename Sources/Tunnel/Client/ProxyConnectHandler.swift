import NIOCore
import TLS

/// Asks an HTTP proxy to CONNECT, then puts the TLS handler in its place and gets out of the way. The proxy's answer is
/// capped at 8 KiB and its text is never passed on.
final class ProxyConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maximumAnswer = 8 * 1024

    private let proxy: TunnelAddress.Proxy
    private let target: String
    private let limit: TimeAmount
    private let next: any ChannelHandler
    private var answer = ByteBuffer()
    private var timeout: Scheduled<Void>?
    private var searched = 0
    private var hasBegun = false
    private var isDone = false

    /// `next` is put behind this handler when the way is free; it begins where it is added to an open channel.
    init(proxy: TunnelAddress.Proxy, target: String, limit: TimeAmount, next: any ChannelHandler) {
        self.proxy = proxy
        self.target = target
        self.limit = limit
        self.next = next
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !hasBegun else { return }
        hasBegun = true
        var request = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let credentials = proxy.credentials {
            request += "Proxy-Authorization: Basic \(Base64.encode(credentials.utf8))\r\n"
        }
        request += "\r\n"
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request)), promise: nil)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: limit) {
            let (handler, context) = bound.value
            handler.fail(
                context, "timeout", "did not answer the CONNECT request in time", "check the proxy's address and log")
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        answer.writeImmutableBuffer(unwrapInboundIn(data))
        let end = headerEnd()
        guard end ?? answer.readableBytes <= Self.maximumAnswer else {
            return fail(context, "malformed", "sent more than 8 KiB of headers", "check that this is an HTTP proxy")
        }
        guard let end else { return }
        guard let head = answer.readString(length: end), let status = Self.status(of: head) else {
            return fail(context, "malformed", "did not answer in HTTP", "check that this is an HTTP proxy")
        }
        switch status {
        case 200..<300: succeed(context)
        case 401, 407:
            fail(
                context, "authentication", "asks for authentication (\(status))",
                "set or correct the user and password in the agent's proxy settings")
        case 403:
            fail(
                context, "forbidden", "forbids CONNECT to \(target) (403)",
                "ask the proxy's operator to allow CONNECT to this host and port")
        default:
            fail(
                context, "status", "answered CONNECT to \(target) with status \(status)",
                "check that the proxy can reach the collector")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            fail(context, "closed", "closed the connection without answering", "check the proxy's log")
        }
        context.fireChannelInactive()
    }

    /// Where the answer's header ends, counted from its start. What was searched before is not searched again.
    private func headerEnd() -> Int? {
        let bytes = answer.readableBytesView
        while searched + 4 <= bytes.count {
            if bytes.dropFirst(searched).starts(with: [13, 10, 13, 10]) { return searched + 4 }
            searched += 1
        }
        return nil
    }

    private static func status(of head: String) -> Int? {
        let parts = head.prefix(while: { $0 != "\r\n" }).split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1.") else { return nil }
        return Int(parts[1])
    }

    private func succeed(_ context: ChannelHandlerContext) {
        isDone = true
        timeout?.cancel()
        let rest = answer
        answer = ByteBuffer()
        do {
            try context.pipeline.syncOperations.addHandler(next, position: .after(self))
        } catch {
            context.fireErrorCaught(error)
            return context.close(promise: nil)
        }
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String, _ what: String, _ cure: String) {
        guard !isDone else { return }
        isDone = true
        timeout?.cancel()
        let name = TunnelAddress.join(proxy.host, proxy.port)
        context.fireErrorCaught(
            TunnelFailure(stage: .proxy, reason: reason, message: "the proxy \(name) \(what)", cure: cure))
        context.close(promise: nil)
    }
}
