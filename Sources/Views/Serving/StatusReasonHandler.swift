import NIOCore
import NIOHTTP1

/// Gives a response its own reason phrase. Hummingbird sends the standard ones; a response that carries our private
/// header gets that header's text instead, and the header is removed.
final class StatusReasonHandler: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    static let header = "x-culvert-reason"
    static let maximumLength = 128

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let reason = head.headers.first(name: Self.header) else {
            return context.write(data, promise: promise)
        }
        head.headers.remove(name: Self.header)
        head.status = .custom(code: head.status.code, reasonPhrase: Self.clean(reason))
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    /// Printable ASCII of at most 128 bytes.
    static func clean(_ text: String) -> String {
        let bytes = text.utf8.prefix(maximumLength).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
