import NIOCore

/// Reports what goes wrong with accepting as such (no file descriptors left, …); NIO backs off by itself.
final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let authority: any TunnelAuthority

    init(authority: any TunnelAuthority) {
        self.authority = authority
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError { authority.observe(.acceptFailed(message: "\(error)")) }
        context.fireErrorCaught(error)
    }
}
