import NIOCore

/// One end of a relayed connection: what it reads is counted and written to the other end, at the speed of that end.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let counters: RelayCounters
    private let isUpwards: Bool
    private let peer: any Channel

    private init(counters: RelayCounters, isUpwards: Bool, peer: any Channel) {
        self.counters = counters
        self.isUpwards = isUpwards
        self.peer = peer
    }

    /// Joins the two ends, which share an event loop, and begins to read both.
    static func join(_ downstream: any Channel, _ upstream: any Channel, _ counters: RelayCounters) throws {
        try downstream.pipeline.syncOperations.addHandler(
            RelayHandler(counters: counters, isUpwards: true, peer: upstream))
        try upstream.pipeline.syncOperations.addHandler(
            RelayHandler(counters: counters, isUpwards: false, peer: downstream))
        upstream.read()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        counters.passed(bytes.readableBytes, upwards: isUpwards)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let end = NIOLoopBound(context, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { result in
            switch result {
            case .success: end.value.read()
            case .failure: end.value.close(promise: nil)
            }
        }
        peer.writeAndFlush(bytes, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
