import CDeflate
import NIOCore

/// Gzip of whole bodies, for readers that are not on this host.
enum Gzip {
    /// Nil when compression does not help or is not possible.
    static func compress(_ bytes: ByteBuffer) -> ByteBuffer? {
        guard bytes.readableBytes >= 256, let compressor = unsafe libdeflate_alloc_compressor(1) else { return nil }
        defer { unsafe libdeflate_free_compressor(compressor) }
        let bound = unsafe libdeflate_gzip_compress_bound(compressor, bytes.readableBytes)
        var output = ByteBufferAllocator().buffer(capacity: bound)
        let written = unsafe bytes.withUnsafeReadableBytes { input in
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
                unsafe libdeflate_gzip_compress(
                    compressor, input.baseAddress, input.count, room.baseAddress, room.count)
            }
        }
        return written > 0 && written < bytes.readableBytes ? output : nil
    }
}
