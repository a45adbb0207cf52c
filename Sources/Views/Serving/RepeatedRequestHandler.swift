import NIOCore

/// Hands requests that came before to ``TargetPageHandler`` at once, past the HTTP decoder; all other bytes go through
/// the decoder. Sits in front of it.
final class RepeatedRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let pages: TargetPageHandler

    init(pages: TargetPageHandler) {
        self.pages = pages
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        // Nobody here speaks what follows.
        guard !pages.isPastHTTP else { return context.close(promise: nil) }
        guard !pages.answerRepeated(bytes) else { return }
        context.fireChannelRead(data)
        pages.decoded(bytes)
    }
}
