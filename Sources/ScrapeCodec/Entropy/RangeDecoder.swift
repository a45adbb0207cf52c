/// The inverse of `RangeEncoder`. Any bytes decode to something, in time that only the number of bits asked for decides.
@safe
struct RangeDecoder {
    private var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var code: UInt32 = 0
    private var range: UInt32 = .max

    /// Borrows the bytes for its life.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let start = unsafe bytes.baseAddress ?? EmptyMemory.start
        unsafe next = start
        unsafe end = start + bytes.count
        for _ in 0..<4 { code = code &<< 8 | UInt32(byte()) }
    }

    @inline(__always)
    private mutating func byte() -> UInt8 {
        guard unsafe next < end else { return 0 }
        defer { unsafe next += 1 }
        return unsafe next.pointee
    }

    @inline(__always)
    mutating func decode(_ probability: inout UInt16) -> Bool {
        let bound = UInt32(truncatingIfNeeded: (UInt64(range) &* UInt64(probability)) &>> 16)
        let bit = code >= bound
        if bit {
            code &-= bound
            range &-= bound
            probability &-= probability &>> Probability.rate
        } else {
            range = bound
            probability &+= (0 &- probability) &>> Probability.rate
        }
        while range < 1 << 24 {
            range &<<= 8
            code = code &<< 8 | UInt32(byte())
        }
        return bit
    }
}
