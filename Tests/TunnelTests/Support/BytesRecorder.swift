import NIOCore

/// The end of a pipeline: remembers whether it was added and what arrived.
final class BytesRecorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private(set) var isThere = false
    private var bytes = ByteBuffer()

    var text: String { String(buffer: bytes) }

    func handlerAdded(context: ChannelHandlerContext) { isThere = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
    }
}
