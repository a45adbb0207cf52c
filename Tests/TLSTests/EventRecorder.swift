import NIOConcurrencyHelpers
import NIOCore

@testable import TLS

/// The application's end of a pipeline in tests: remembers what happened, in order.
final class EventRecorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Record {
        var order: [String] = []
        var received = ByteBuffer()
        var info: TLSHandshakeInfo?
        var errors: [TLSError] = []
    }

    let record = NIOLockedValueBox(Record())
    private let reply: @Sendable (ByteBuffer, any Channel) -> Void

    /// `reply` is called with everything that arrives.
    init(reply: @escaping @Sendable (ByteBuffer, any Channel) -> Void = { _, _ in }) {
        self.reply = reply
    }

    var order: [String] { record.withLockedValue(\.order) }
    var errors: [TLSError] { record.withLockedValue(\.errors) }
    var received: ByteBuffer { record.withLockedValue(\.received) }
    var info: TLSHandshakeInfo? { record.withLockedValue(\.info) }

    func channelActive(context: ChannelHandlerContext) {
        record.withLockedValue { $0.order.append("active") }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        record.withLockedValue { $0.order.append("inactive") }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        record.withLockedValue {
            if $0.order.last != "read" { $0.order.append("read") }
            $0.received.writeImmutableBuffer(buffer)
        }
        reply(buffer, context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let info = event as? TLSHandshakeInfo {
            record.withLockedValue {
                $0.order.append("handshake")
                $0.info = info
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        record.withLockedValue {
            $0.order.append("error")
            if let error = error as? TLSError { $0.errors.append(error) }
        }
    }
}
