import NIOCore

/// Hands the datagrams of one server to an exchange.
final class DNSDatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let exchange: DNSExchange
    private let server: SocketAddress

    init(exchange: DNSExchange, server: SocketAddress) {
        self.exchange = exchange
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        // The socket is connected: that others are not heard is the kernel's work, and checked.
        guard envelope.remoteAddress == server else { return }
        exchange.received(Array(envelope.data.readableBytesView))
    }

    /// Nobody listens there, as a rule.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { exchange.fail(error) }
}
