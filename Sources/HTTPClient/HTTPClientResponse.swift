package import NIOCore

/// A successful (200) answer.
///
/// Owns the body as the target meant it: after gzip, where the target used it, and byte for byte otherwise.
package struct HTTPClientResponse: Sendable, Hashable {
    /// Always 200.
    package var status: Int
    /// The Content-Type header as sent; empty when there was none.
    package var contentType: String
    /// The body after content decoding.
    package var body: ByteBuffer
    /// Bytes of the body as they came over the wire, before content decoding.
    package var wireBytes: Int

    /// An answer from all its parts.
    package init(status: Int, contentType: String, body: ByteBuffer, wireBytes: Int) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.wireBytes = wireBytes
    }
}
