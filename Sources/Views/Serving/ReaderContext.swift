import Hummingbird
import NIOCore

/// What a route knows of a request besides the request: who asks.
struct ReaderContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let reader: Reader

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.reader = Reader(address: source.channel.remoteAddress)
    }
}
