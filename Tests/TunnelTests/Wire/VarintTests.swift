import NIOCore
import Testing

@testable import Tunnel

/// LEB128, as far as it goes.
@Suite struct VarintTests {
    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, .max] as [UInt64])
    func `a number is read back`(value: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeVarint(value)
        #expect(buffer.readableBytes == max(1, (64 - value.leadingZeroBitCount + 6) / 7))
        #expect(buffer.readVarint() == value)
        #expect(buffer.readableBytes == 0)
    }

    @Test func `a number that ends too early, is too large or never ends is refused`() {
        let cases: [[UInt8]] = [
            [], [0x80], [UInt8](repeating: 0xFF, count: 9), [UInt8](repeating: 0xFF, count: 9) + [0x02],
            [UInt8](repeating: 0xFF, count: 9) + [0x81, 0x00], [UInt8](repeating: 0x80, count: 100),
        ]
        for bytes in cases {
            var buffer = ByteBuffer(bytes: bytes)
            #expect(buffer.readVarint() == nil)
        }
    }

    @Test func `the largest number takes ten bytes`() {
        var buffer = ByteBuffer(bytes: [UInt8](repeating: 0xFF, count: 9) + [0x01])
        #expect(buffer.readVarint() == .max)
    }
}
