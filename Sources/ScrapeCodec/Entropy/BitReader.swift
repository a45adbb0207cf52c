/// The inverse of `BitWriter`; behind the end there are zeros.
@safe
struct BitReader {
    private var next: UnsafePointer<UInt8>?
    private let end: UnsafePointer<UInt8>?
    private var bits: UInt64 = 0
    private var count = 0

    /// Borrows the bytes for its life.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe next = bytes.baseAddress
        unsafe end = bytes.baseAddress.map { unsafe $0 + bytes.count }
    }

    /// The next `width` bits, 0 … 64.
    @inline(__always)
    mutating func read(width: Int) -> UInt64 {
        guard width > 32 else { return take(width) }
        let low = take(32)
        return low | take(width &- 32) &<< 32
    }

    @inline(__always)
    private mutating func take(_ width: Int) -> UInt64 {
        while count < width {
            var byte: UInt8 = 0
            if let place = unsafe next, let end = unsafe end, unsafe place < end {
                byte = unsafe place.pointee
                unsafe next = place + 1
            }
            bits |= UInt64(byte) &<< UInt64(count)
            count &+= 8
        }
        let value = bits & (1 &<< UInt64(width) &- 1)
        bits &>>= UInt64(width)
        count &-= width
        return value
    }
}
