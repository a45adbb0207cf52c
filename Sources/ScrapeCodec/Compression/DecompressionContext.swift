import CZstd
import NIOCore

/// The decompressor's working memory, reused from call to call; freed with the last reference. It is about 96 KiB, and
/// made when the first frame comes: most targets have text only.
///
/// Not for two threads at once.
@safe
final class DecompressionContext {
    private var context: OpaquePointer?
    private let isMagicless: Bool

    /// - Parameter isMagicless: frames lack the four bytes that say that they are frames.
    init(isMagicless: Bool = false) {
        self.isMagicless = isMagicless
    }

    deinit { _ = unsafe ZSTD_freeDCtx(context) }

    private func open() throws(ScrapeCodecError) -> OpaquePointer {
        if let context = unsafe context { return unsafe context }
        guard let made = unsafe ZSTD_createDCtx() else {
            throw ScrapeCodecError(code: .compression, message: "no memory for a decompressor")
        }
        if isMagicless { _ = unsafe ZSTD_DCtx_setParameter(made, ZSTD_d_experimentalParam1, ZstdLimits.magicless) }
        _ = unsafe ZSTD_DCtx_setParameter(made, ZSTD_d_windowLogMax, ZstdLimits.maximumWindowLog)
        unsafe context = unsafe made
        return unsafe made
    }

    /// The content of one frame, which must be `length` bytes: the output buffer has that size, so nothing can burst it.
    func decompress(
        _ bytes: ByteBuffer, prefix: ByteBuffer? = nil, exactly length: Int
    ) throws(ScrapeCodecError) -> ByteBuffer {
        try check(bytes, length: length)
        let context = unsafe try open()
        var output = ByteBufferAllocator().buffer(capacity: max(length, 1))
        _ = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        var code = 0
        let count = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: max(length, 1)) { target in
            unsafe bytes.withUnsafeReadableBytes { source in
                unsafe (prefix ?? ByteBuffer()).withUnsafeReadableBytes { dictionary in
                    if prefix != nil {
                        _ = unsafe ZSTD_DCtx_refPrefix(context, dictionary.baseAddress, dictionary.count)
                    }
                    // The buffer may be larger than asked for; the frame must not know.
                    code = unsafe ZSTD_decompressDCtx(
                        context, target.baseAddress, length, source.baseAddress, source.count)
                    return ZSTD_isError(code) == 0 ? code : 0
                }
            }
        }
        guard ZSTD_isError(code) == 0 else { throw ScrapeCodecError(zstd: code) }
        guard count == length else {
            throw ScrapeCodecError(
                code: .malformed, message: "\(count) bytes after decompression; expected \(length)",
                culprit: "zstd frame")
        }
        return output
    }

    /// Refuses, before anything is allocated, a frame that declares another size or too large a window.
    private func check(_ bytes: ByteBuffer, length: Int) throws(ScrapeCodecError) {
        var header = ZSTD_frameHeader()
        let code = unsafe bytes.withUnsafeReadableBytes { source in
            unsafe ZSTD_getFrameHeader_advanced(
                &header, source.baseAddress, source.count,
                isMagicless ? ZSTD_f_zstd1_magicless : ZSTD_f_zstd1)
        }
        guard code == 0, header.frameType == ZSTD_frame else {
            throw ScrapeCodecError(code: .malformed, message: "not a zstd frame", culprit: "zstd frame")
        }
        guard header.frameContentSize == UInt64(length) else {
            throw ScrapeCodecError(
                code: .malformed, message: "the frame does not declare the expected \(length) bytes",
                culprit: "zstd frame")
        }
        guard header.windowSize <= 1 << UInt64(ZstdLimits.maximumWindowLog) || header.windowSize <= UInt64(length)
        else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "a window of \(header.windowSize) bytes", culprit: "zstd frame")
        }
    }
}
