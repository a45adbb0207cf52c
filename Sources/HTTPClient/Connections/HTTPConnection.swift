import NIOCore
import NIOHTTP1
import TLS

/// One connection to a target, as the last handler of its channel.
///
/// Owns the channel until it is closed, and knows whether a request is under way on it. Parts of the answer and the
/// end of the connection go to the exchange that sent the request; between requests there is nobody to tell.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What a connection tells the exchange that uses it.
    enum Event {
        /// The TLS handshake is done.
        case secured
        case head(HTTPResponseHead)
        case body(ByteBuffer)
        case end
        /// It ended; nil for an orderly end.
        case closed((any Error)?)
    }

    /// Scheme, host and port this connection serves.
    let url: HTTPURL
    let isLoopback: Bool
    private var context: ChannelHandlerContext?
    private var receiver: ((Event) -> Void)?
    private var isReading = true
    private var isEnded = false
    /// Whether any byte has come since the request was sent.
    private(set) var hasReceived = false
    /// What ended it while nobody was there to be told, a handshake that could not even begin for instance.
    private var failure: (any Error)?

    init(url: HTTPURL, isLoopback: Bool) {
        self.url = url
        self.isLoopback = isLoopback
    }

    /// Whether another request can be sent.
    var isOpen: Bool { !isEnded && context?.channel.isActive == true }

    /// Sends a request; everything that happens until `release` or the end of the connection goes to `receiver`.
    func send(_ head: HTTPRequestHead, receiver: @escaping (Event) -> Void) {
        hasReceived = false
        guard let context, isOpen else {
            receiver(.closed(failure))
            return
        }
        self.receiver = receiver
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The request is over; the connection can be used again.
    func release() {
        receiver = nil
        setReading(true)
    }

    /// Closes; nobody is told.
    func close() {
        receiver = nil
        isEnded = true
        context?.close(promise: nil)
    }

    /// Reads on, or leaves the bytes to the kernel.
    func setReading(_ wanted: Bool) {
        guard wanted != isReading else { return }
        isReading = wanted
        try? context?.channel.syncOptions?.setOption(.autoRead, value: wanted)
    }

    /// A byte arrived, whether it makes a part or not.
    func bytesArrived() {
        hasReceived = true
        // A target that speaks unasked is not to be trusted with the next request.
        if receiver == nil { close() }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receiver?(.head(head))
        case .body(let bytes): receiver?(.body(bytes))
        case .end: receiver?(.end)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeInfo { receiver?(.secured) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil)
    }

    private func end(_ error: (any Error)?) {
        isEnded = true
        if receiver == nil, failure == nil { failure = error }
        let receiver = receiver
        self.receiver = nil
        receiver?(.closed(error))
    }
}
