import Hummingbird
import NIOCore

/// What a route knows of a request besides the request: who asks.
struct ReaderContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address of the reader's socket, nil when it is not an IP socket.
    let address: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.address = source.channel.remoteAddress
    }

    /// Whether the reader is on this host.
    var isLoopback: Bool {
        guard let text = address?.ipAddress else { return false }
        return text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }
}
