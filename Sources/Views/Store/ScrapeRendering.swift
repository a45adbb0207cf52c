package import NIOCore
package import ScrapeCodec
import Synchronization

/// The bytes of one scrape as readers get them: rendered at most once, gzipped at most once, and only when somebody
/// reads. Has its own lock, so that a reader's rendering never holds up the next scrape. Thread-safe.
package final class ScrapeRendering: Sendable {
    fileprivate struct State {
        var body: Result<ByteBuffer, any Error>?
        /// The outer nil: not tried yet; the inner: not worth it.
        var compressed: ByteBuffer??
    }

    private let decode: @Sendable () throws -> ByteBuffer
    /// What it is rendered from; nil when that is a closure.
    private let source: DecodedBody?
    private let state = Mutex(State())

    /// - Parameter decode: gives the body; called at most once, on a reader's thread.
    package init(decode: @escaping @Sendable () throws -> ByteBuffer) {
        self.decode = decode
        source = nil
    }

    /// A decoded scrape's body.
    package init(_ body: DecodedBody) {
        decode = { try body.render() }
        source = body
    }

    /// Whether making it may take the disk.
    var isDeferred: Bool { source == nil }

    /// Whether both are certainly the same bytes.
    func isSame(as other: ScrapeRendering) -> Bool {
        guard let source, let theirs = other.source else { return false }
        return source.isSame(as: theirs)
    }

    /// - Throws: `ScrapeCodecError` with code `.superseded` when a newer scrape has arrived before anybody asked.
    func body() throws -> ByteBuffer {
        try state.withLock { state in try state.rendered(decode) }
    }

    /// The body gzipped; nil when that does not help.
    func compressed() throws -> ByteBuffer? {
        try state.withLock { state in
            if let known = state.compressed { return known }
            let made = Gzip.compress(try state.rendered(decode))
            state.compressed = .some(made)
            return made
        }
    }
}

extension ScrapeRendering.State {
    fileprivate mutating func rendered(_ decode: () throws -> ByteBuffer) throws -> ByteBuffer {
        if let body { return try body.get() }
        let result = Result { try decode() }
        body = result
        return try result.get()
    }
}
