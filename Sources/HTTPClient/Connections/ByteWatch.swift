import NIOCore

/// Tells a connection that bytes came, before they are parsed.
///
/// Owns nothing. A request may be sent again on a fresh connection only when not one byte of an answer arrived, and
/// half a status line is invisible behind the parser.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPConnection

    init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived()
        context.fireChannelRead(data)
    }
}
