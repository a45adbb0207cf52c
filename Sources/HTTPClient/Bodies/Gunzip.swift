import CDeflate
import NIOCore

/// Undoes `Content-Encoding: gzip`.
///
/// Owns the decompressor, used for one body after the other, and the bounds that make a hostile body harmless: the
/// output never outgrows the limit, nor 500 times the input beyond 64 KiB, and a declared length is a hint at most.
@safe final class Gunzip {
    /// DEFLATE reaches 1032:1 at most, long label sets with a value of 0 in every line about 150:1.
    static let ratioLimit = 500
    /// Below this many bytes of output the ratio is of no interest.
    static let ratioFloor = 64 * 1024

    /// Made with the first body: many clients never see one.
    private var decompressor: OpaquePointer?

    deinit {
        if let decompressor = unsafe decompressor { unsafe libdeflate_free_decompressor(decompressor) }
    }

    /// Decompresses all members of `input`; the result has fewer than `limit` bytes. `expected` is a guess at its size,
    /// `spare` gives the memory for it.
    func decompress(
        _ input: ByteBuffer, limit: Int, expected: Int, spare: inout SpareBuffer
    ) throws(HTTPClientError) -> ByteBuffer {
        guard input.readableBytes > 0 else { throw HTTPClientError(.badEncoding, "gzip body of 0 bytes") }
        unsafe decompressor = unsafe decompressor ?? libdeflate_alloc_decompressor()
        guard let decompressor = unsafe decompressor else {
            throw HTTPClientError(.overloaded, "no memory to decompress the body")
        }
        let most = max(limit - 1, 0)
        let (product, overflow) = input.readableBytes.multipliedReportingOverflow(by: Self.ratioLimit)
        let ceiling = min(most, max(overflow ? most : product, Self.ratioFloor))
        var output = spare.take(min(ceiling, max(Self.declaredSize(input), expected, 512)))
        var consumed = 0
        while consumed < input.readableBytes {
            let space = min(output.writableBytes, ceiling - output.readableBytes)
            var used = 0
            var made = 0
            let result = unsafe input.withUnsafeReadableBytes { source in
                unsafe output.withUnsafeMutableWritableBytes { target in
                    unsafe libdeflate_gzip_decompress_ex(
                        decompressor, source.baseAddress.map { unsafe $0 + consumed }, source.count - consumed,
                        target.baseAddress, space, &used, &made)
                }
            }
            switch result {
            case LIBDEFLATE_SUCCESS:
                output.moveWriterIndex(forwardBy: made)
                consumed += used
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard output.readableBytes + space < ceiling else {
                    if ceiling == most {
                        throw HTTPClientError(.bodyTooLarge, "body of \(limit) bytes or more after gzip")
                    }
                    throw HTTPClientError(.badEncoding, "gzip body that expands more than \(Self.ratioLimit)-fold")
                }
                let goal = min(ceiling, max(output.readableBytes + space, 512) * 2)
                output.reserveCapacity(minimumWritableBytes: goal - output.readableBytes)
            default:
                throw HTTPClientError(.badEncoding, "gzip body is damaged or truncated")
            }
        }
        spare.keep(output)
        return output
    }

    /// The size in the last four bytes: that of the last member modulo 4 GiB, if it is true at all.
    private static func declaredSize(_ input: ByteBuffer) -> Int {
        Int(input.getInteger(at: input.writerIndex - 4, endianness: .little, as: UInt32.self) ?? 0)
    }
}
