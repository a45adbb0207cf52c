import CZstd
import NIOCore

/// The compressor's working memory, reused from call to call; freed with the last reference.
///
/// Not for two threads at once.
@safe
final class CompressionContext {
    private let context: OpaquePointer

    /// nil when there is no memory.
    init?(level: Int32) {
        guard let context = unsafe ZSTD_createCCtx() else { return nil }
        unsafe self.context = unsafe context
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
        // The record and the tunnel have their own checksums.
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
    }

    deinit { _ = unsafe ZSTD_freeCCtx(context) }

    /// Appends one frame to `output`; returns its length.
    func compress(
        _ bytes: ByteBuffer, prefix: ByteBuffer? = nil, into output: inout ByteBuffer
    ) throws(ScrapeCodecError) -> Int {
        let bound = ZSTD_compressBound(bytes.readableBytes)
        guard ZSTD_isError(bound) == 0 else {
            throw ScrapeCodecError(code: .tooLarge, message: "\(bytes.readableBytes) bytes are too many to compress")
        }
        let window = ZstdLimits.windowLog(for: bytes.readableBytes + (prefix?.readableBytes ?? 0))
        _ = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, prefix == nil ? 0 : window)
        var code = 0
        let count = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
            unsafe bytes.withUnsafeReadableBytes { source in
                unsafe (prefix ?? ByteBuffer()).withUnsafeReadableBytes { dictionary in
                    if prefix != nil {
                        _ = unsafe ZSTD_CCtx_refPrefix(context, dictionary.baseAddress, dictionary.count)
                    }
                    code = unsafe ZSTD_compress2(
                        context, target.baseAddress, target.count, source.baseAddress, source.count)
                    return ZSTD_isError(code) == 0 ? code : 0
                }
            }
        }
        guard ZSTD_isError(code) == 0 else { throw ScrapeCodecError(zstd: code) }
        return count
    }
}
