/// Bits as they are, lowest first: what no probability can shorten.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var bits: UInt64 = 0
    private var count = 0

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        bits = 0
        count = 0
    }

    /// Appends the lowest `width` bits, 0 … 64.
    @inline(__always)
    mutating func write(_ value: UInt64, width: Int) {
        if width > 32 {
            append(value & 0xFFFF_FFFF, 32)
            append(value &>> 32, width &- 32)
        } else {
            append(value, width)
        }
    }

    @inline(__always)
    private mutating func append(_ value: UInt64, _ width: Int) {
        bits |= (value & (1 &<< UInt64(width) &- 1)) &<< UInt64(count)
        count &+= width
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits &>>= 8
            count &-= 8
        }
    }

    mutating func finish() {
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
        bits = 0
        count = 0
    }
}
