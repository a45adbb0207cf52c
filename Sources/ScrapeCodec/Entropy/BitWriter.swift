import NIOCore

/// Bits as they are, lowest first: what no probability can shorten.
struct BitWriter {
    /// Whole words, little-endian.
    private var words: [UInt32] = []
    private var bits: UInt64 = 0
    private var count = 0

    mutating func reset() {
        words.removeAll(keepingCapacity: true)
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
        guard count >= 32 else { return }
        words.append(UInt32(truncatingIfNeeded: bits).littleEndian)
        bits &>>= 32
        count &-= 32
    }

    /// Appends all bits, rounded up to whole bytes.
    func write(to buffer: inout ByteBuffer) {
        _ = unsafe words.withUnsafeBytes { unsafe buffer.writeBytes($0) }
        var rest = bits
        for _ in 0..<(count + 7) / 8 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: rest))
            rest &>>= 8
        }
    }
}
