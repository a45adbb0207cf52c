import NIOCore
import TLS

/// One connection to a target, as the last handler of its channel.
///
/// Owns the channel until it is closed, the parser of the answer, and knows whether a request is under way on it. Parts
/// of the answer and the end of the connection go to the exchange that sent the request; between requests there is
/// nobody to tell.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Scheme, host and port this connection was made for.
    let url: HTTPURL
    /// The way it goes.
    let route: Route
    let isLoopback: Bool
    private var context: ChannelHandlerContext?
    private let receiveBuffer: ReceiveBuffer
    private var exchange: HTTPExchange?
    private var parser = ResponseParser()
    /// Requests sent so far: what came for one is never taken for the next one's answer.
    private var requests: UInt64 = 0
    private var isReading = true
    private var isEnded = false
    /// Whether any byte has come since the request was sent.
    private(set) var hasReceived = false
    /// What ended it while nobody was there to be told, a handshake that could not even begin for instance.
    private var failure: (any Error)?

    /// The client's generation when it was dialled.
    var generation = 0

    init(url: HTTPURL, route: Route, isLoopback: Bool, receiveBuffer: ReceiveBuffer) {
        self.receiveBuffer = receiveBuffer
        self.url = url
        self.route = route
        self.isLoopback = isLoopback
    }

    /// Whether another request can be sent.
    var isOpen: Bool { !isEnded && context != nil }

    /// Whether a request for `url` that goes this way can be sent on it: a proxy takes those for any plain origin.
    func serves(_ url: HTTPURL, by route: Route) -> Bool {
        self.route == route && (route.isForwarding || self.url.sharesOrigin(with: url))
    }

    /// Sends a request; everything that happens until `release` or the end of the connection goes to `exchange`.
    func send(_ request: HTTPRequest, for exchange: HTTPExchange) {
        hasReceived = false
        guard let context, isOpen else { return exchange.connectionEnded(failure) }
        parser = ResponseParser()
        requests &+= 1
        self.exchange = exchange
        let bytes = if case .forwarding(let proxy) = route { request.bytes(through: proxy) } else { request.bytes }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// The request is over; the connection can be used again.
    func release() {
        exchange = nil
        setReading(true)
    }

    /// Closes; nobody is told.
    func close() {
        exchange = nil
        isEnded = true
        context?.close(promise: nil)
    }

    /// Reads on, or leaves the bytes to the kernel.
    func setReading(_ wanted: Bool) {
        guard wanted != isReading else { return }
        isReading = wanted
        try? context?.channel.syncOptions?.setOption(.autoRead, value: wanted)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let received = unwrapInboundIn(data)
        defer { receiveBuffer.giveBack(received) }
        // A target that speaks unasked is not to be trusted with the next request.
        guard let reader = exchange else { return close() }
        hasReceived = true
        var rest = received
        let request = requests
        do throws(HTTPClientError) {
            while requests == request, exchange != nil, let part = try parser.next(&rest) { reader.receive(part) }
        } catch {
            return fail(error, context)
        }
        if requests == request, exchange != nil {
            reader.readingPaused()
        } else if rest.readableBytes > 0 {
            // More than one answer: to a redirect, say, with the next request sent already.
            fail(nil, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeInfo { exchange?.secured() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isEnded = true
        if let exchange, parser.endsByClosing() { exchange.receive(.end) }
        end(nil)
    }

    private func fail(_ error: (any Error)?, _ context: ChannelHandlerContext) {
        end(error)
        context.close(promise: nil)
    }

    private func end(_ error: (any Error)?) {
        isEnded = true
        if exchange == nil, failure == nil { failure = error }
        let exchange = exchange
        self.exchange = nil
        exchange?.connectionEnded(error)
    }
}
