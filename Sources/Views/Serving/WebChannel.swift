import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import TLS

/// Hummingbird's HTTP/1 channel with our TLS in front, when there is a certificate, our reason phrases, and our own
/// answers to scrapes of target pages.
struct WebChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private static let readSize = 4 * 1024

    let http: HTTP1Channel
    let tls: (@Sendable () -> TLSContext)?
    /// Answers scrapes of target pages and closes idle connections; nil to leave both to Hummingbird.
    let targetPages: (@Sendable () -> TargetPageHandler)?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            // Requests are small; a buffer that grows and shrinks with them is made anew for most of them.
            try channel.syncOptions?.setOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            let operations = channel.pipeline.syncOperations
            let encoder = try operations.handler(type: HTTPResponseEncoder.self)
            try operations.addHandler(StatusReasonHandler(), position: .after(encoder))
            let decoder = try operations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let deliveries = PageDeliveryHandler()
            try operations.addHandler(deliveries, position: .after(decoder))
            if let targetPages {
                let pages = targetPages()
                try operations.addHandler(pages, position: .after(deliveries))
                try operations.addHandler(RepeatedRequestHandler(pages: pages), position: .before(decoder))
            }
            if let tls {
                try operations.addHandler(TLSHandler(context: tls(), serverName: nil), position: .first)
            }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
