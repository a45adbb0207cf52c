import NIOCore

/// One scrape's answer, rendered and compressed before it is asked for.
struct RenderedBody: Sendable {
    /// The exposition as it stands.
    let plain: ByteBuffer
    /// The same as one gzip member.
    let gzip: ByteBuffer
    /// Sample lines in it.
    let samples: Int
}
