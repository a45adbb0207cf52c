import NIOCore

/// Puts messages together that come over TCP, each behind its length, and hands them to an exchange.
///
/// Owns what has come of the next one: 64 KiB at most, and what one read brings.
final class DNSStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let exchange: DNSExchange
    private var input = ByteBuffer()

    init(exchange: DNSExchange) { self.exchange = exchange }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = Self.unwrapInboundIn(data)
        input.writeBuffer(&part)
        while let message = input.readLengthPrefixedSlice(as: UInt16.self) {
            exchange.received(Array(message.readableBytesView))
        }
        input.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) { exchange.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        exchange.fail(error)
        context.close(promise: nil)
    }
}
