import Hummingbird
import NIOCore

/// What a route knows of a request besides the request: who asks.
struct ReaderContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let reader: Reader
    /// The connection, for what is said of an answer before it is written.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.reader = Reader(address: source.channel.remoteAddress)
        self.channel = source.channel
    }
}
