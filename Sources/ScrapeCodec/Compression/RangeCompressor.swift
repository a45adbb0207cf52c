package import NIOCore

/// Compresses and restores ranges of the log for the tunnel, each a zstd frame of its own, without the magic number.
///
/// A frame may refer to an earlier range that both sides hold (its prefix), so there is no state between calls: the
/// contexts kept here are working memory only. Copies share that memory; use one per thread.
package struct RangeCompressor {
    /// The most bytes of one range.
    package let maximumBytes: Int
    private let level: Int32
    private var compressor: CompressionContext?
    private var shortCompressor: CompressionContext?
    private let decompressor = DecompressionContext(isMagicless: true)

    /// Shorter ranges are scrapes as they come, whose numbers are coded already.
    private static let shortRange = 8 << 10

    package init(level: Int32 = 1, maximumBytes: Int = 4 << 20) {
        self.level = level
        self.maximumBytes = maximumBytes
    }

    /// One frame with the content of `bytes`. Only the last 8 MiB of `prefix` and `bytes` together can be referred to;
    /// the prefix must not be (part of) the very memory of `bytes`, or it is of no use.
    package mutating func compress(
        _ bytes: ByteBuffer, prefix: ByteBuffer = ByteBuffer()
    ) throws(ScrapeCodecError) -> ByteBuffer {
        guard bytes.readableBytes <= maximumBytes else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "a range of \(bytes.readableBytes) bytes; expected at most \(maximumBytes)")
        }
        let isShort = bytes.readableBytes < Self.shortRange
        let known = isShort ? shortCompressor : compressor
        guard let context = known ?? CompressionContext(isShort ? .shortRanges : .ranges(level: level)) else {
            throw ScrapeCodecError(code: .compression, message: "no memory for a compressor")
        }
        if isShort { shortCompressor = context } else { compressor = context }
        var output = ByteBuffer()
        _ = try context.compress(bytes, prefix: prefix.readableBytes > 0 ? prefix : nil, into: &output)
        return output
    }

    /// The content of a frame, which must be `exactly` so many bytes and was made with an equal `prefix`.
    ///
    /// The size is checked against `maximumBytes` and the frame's own declaration before anything is allocated.
    package func decompress(
        _ bytes: ByteBuffer, prefix: ByteBuffer = ByteBuffer(), exactly: Int
    ) throws(ScrapeCodecError) -> ByteBuffer {
        guard exactly >= 0, exactly <= maximumBytes else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "a range of \(exactly) bytes; expected at most \(maximumBytes)")
        }
        return try decompressor.decompress(bytes, prefix: prefix.readableBytes > 0 ? prefix : nil, exactly: exactly)
    }
}
