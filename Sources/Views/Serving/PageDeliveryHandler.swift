import NIOCore
import NIOHTTP1

/// Notes what becomes of pages of history on one connection: that a page was wholly written, and how the connection
/// ended. Sits behind the HTTP decoder, in front of everything that answers.
///
/// A response is a page when its head carries our private header, which is removed; which page, the route has said just
/// before.
final class PageDeliveryHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    static let header = "x-culvert-page"

    private var expected: PageDelivery?
    private var writing: PageDelivery?
    private var connection: PageConnection?
    /// The reader has announced that the connection ends behind the answer.
    private var isLast = false
    private var hasFailed = false

    init() {}

    /// The next answer with our header is this page.
    func expect(_ delivery: PageDelivery) {
        expected?.release()
        expected = delivery
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { isLast = !head.isKeepAlive }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            writing?.release()
            writing = nil
            guard expected != nil || head.headers.contains(name: Self.header) else { break }
            if head.headers.contains(name: Self.header) { writing = expected } else { expected?.release() }
            expected = nil
            head.headers.remove(name: Self.header)
            if let writing { writing.begin(on: connection(context)) }
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            guard let page = writing else { break }
            writing = nil
            let out = context.eventLoop.makePromise(of: Void.self)
            out.futureResult.cascade(to: promise)
            out.futureResult.whenComplete { result in
                if case .success = result { page.written() } else { page.release() }
            }
            return context.write(data, promise: out)
        case .body: break
        }
        context.write(data, promise: promise)
    }

    private func connection(_ context: ChannelHandlerContext) -> PageConnection {
        if let connection { return connection }
        let made = PageConnection(context.channel)
        connection = made
        return made
    }

    // MARK: The end

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent, !isLast { connection?.end(.broken) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        connection?.end(.broken)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.end(isLast && !hasFailed ? .acknowledged : .broken)
        for page in [expected, writing] { page?.release() }
        context.fireChannelInactive()
    }

    /// We close: because the connection was idle for long, or because we stop.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, let connection, connection.fate == .open else {
            return context.close(mode: mode, promise: promise)
        }
        let channel = context.channel
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        SendQueue.isEmpty(of: channel).whenComplete { isEmpty in
            connection.end((try? isEmpty.get()) == true ? .acknowledged : .broken)
            context.value.close(mode: mode, promise: promise)
        }
    }
}
