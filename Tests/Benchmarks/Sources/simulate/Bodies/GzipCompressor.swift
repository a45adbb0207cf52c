import CDeflate
import NIOCore
import Recordings
import Synchronization

/// Makes gzip members with libdeflate at the level exporters use by default; shared by all targets of the process.
@safe final class GzipCompressor: Sendable {
    /// One compressor, used by one thread at a time.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let handle: Mutex<Handle>

    /// A compressor for `level` (1 to 12; Go's exporters use 6).
    init(level: Int32 = 6) throws {
        guard let pointer = unsafe libdeflate_alloc_compressor(level) else {
            throw BenchmarkError("libdeflate made no compressor for level \(level)")
        }
        handle = Mutex(unsafe Handle(pointer: pointer))
    }

    deinit {
        handle.withLock { unsafe libdeflate_free_compressor($0.pointer) }
    }

    /// `body` as one gzip member.
    func compress(_ body: ByteBuffer) throws -> ByteBuffer {
        try handle.withLock { handle in
            let bound = unsafe libdeflate_gzip_compress_bound(handle.pointer, body.readableBytes)
            var scratch = ByteBuffer()
            let written = unsafe scratch.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { output in
                unsafe body.withUnsafeReadableBytes { input in
                    unsafe libdeflate_gzip_compress(
                        handle.pointer, input.baseAddress, input.count, output.baseAddress, output.count)
                }
            }
            guard written > 0 else { throw BenchmarkError("libdeflate did not compress a body") }
            // Kept until the next scrape: as small as it is.
            return ByteBuffer(bytes: scratch.readableBytesView)
        }
    }
}
