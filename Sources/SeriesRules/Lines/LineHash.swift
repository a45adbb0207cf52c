/// The hash of a line: eight bytes at a time, multiplied and folded. Targets cannot aim at collisions.
struct LineHash {
    private let seed = UInt64.random(in: .min ... .max)

    func callAsFunction(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var state = seed ^ UInt64(truncatingIfNeeded: text.count)
        var index = 0
        let raw = UnsafeRawBufferPointer(text)
        while index &+ 8 <= text.count {
            state = Self.mix(state, unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        var tail: UInt64 = 0
        while index < text.count {
            tail = unsafe tail &<< 8 | UInt64(text[index])
            index &+= 1
        }
        return UInt32(truncatingIfNeeded: Self.mix(Self.mix(state, tail), 0x9E37_79B9_7F4A_7C15))
    }

    @inline(__always)
    private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
