/// An adaptive binary range coder: each bit costs as little as its probability says.
///
/// Owns the bytes written so far. The decoder takes the bytes behind the end for zeros, so those are not kept.
struct RangeEncoder {
    private(set) var bytes: [UInt8] = []
    private var low: UInt64 = 0
    private var range: UInt32 = .max
    /// The last byte not written yet: a carry may still reach it, and all 0xFF behind it.
    private var cache: UInt8 = 0
    private var pending = 0
    private var isFirst = true

    /// Forgets everything but the memory.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        low = 0
        range = .max
        cache = 0
        pending = 0
        isFirst = true
    }

    /// - Parameter probability: of zero, in 65,536ths; moves towards what came.
    @inline(__always)
    mutating func encode(_ bit: Bool, _ probability: inout UInt16) {
        let bound = UInt32(truncatingIfNeeded: (UInt64(range) &* UInt64(probability)) &>> 16)
        // Without a branch: most of these bits are not foreseeable by the processor.
        let one = 0 &- UInt32(bit ? 1 : 0)
        low &+= UInt64(bound & one)
        range = bound ^ ((bound ^ (range &- bound)) & one)
        let ones = UInt16(truncatingIfNeeded: one)
        probability =
            probability &+ (((0 &- probability) &>> Probability.rate) & ~ones)
            &- ((probability &>> Probability.rate) & ones)
        while range < 1 << 24 { shift() }
    }

    /// The same for a zero, which is what most bits are.
    @inline(__always)
    mutating func encodeZero(_ probability: inout UInt16) {
        range = UInt32(truncatingIfNeeded: (UInt64(range) &* UInt64(probability)) &>> 16)
        probability &+= (0 &- probability) &>> Probability.rate
        while range < 1 << 24 { shift() }
    }

    @inline(never)
    private mutating func shift() {
        range &<<= 8
        if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
            let carry = UInt8(truncatingIfNeeded: low &>> 32)
            // The very first byte is always zero.
            if isFirst { isFirst = false } else { bytes.append(cache &+ carry) }
            while pending > 0 {
                bytes.append(0xFF &+ carry)
                pending &-= 1
            }
            cache = UInt8(truncatingIfNeeded: low &>> 24)
        } else {
            pending &+= 1
        }
        low = (low & 0x00FF_FFFF) &<< 8
    }

    /// Writes what is needed to tell the last bits.
    mutating func finish() {
        // The number in the last interval that ends with the most zeros.
        let top = low &+ UInt64(range) &- 1
        var mask: UInt64 = 0xFFFF_FFFF
        while top & ~mask < low { mask &>>= 1 }
        low = top & ~mask
        for _ in 0..<5 { shift() }
        while bytes.last == 0 { bytes.removeLast() }
    }
}
