package import NIOCore
import ScrapeCodec

/// The compression context of one event loop, shared by all connections of that loop. Not Sendable.
package final class RangeCompressorBox {
    private var compressor: RangeCompressor

    package init() {
        self.compressor = RangeCompressor()
    }

    package func compress(_ bytes: ByteBuffer, prefix: ByteBuffer) throws -> ByteBuffer {
        try compressor.compress(bytes, prefix: prefix)
    }

    /// Exactly `count` bytes, or an error.
    package func decompress(_ bytes: ByteBuffer, prefix: ByteBuffer, count: Int) throws -> ByteBuffer {
        try compressor.decompress(bytes, prefix: prefix, exactly: count)
    }
}
