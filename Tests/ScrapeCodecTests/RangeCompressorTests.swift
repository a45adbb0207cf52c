import NIOCore
import ScrapeCodec
import TestSupport
import Testing

@Suite struct RangeCompressorTests {
    private func noise(_ count: Int, seed: UInt64) -> ByteBuffer {
        var random = SeededGenerator(seed: seed)
        return ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    @Test func `what the prefix holds costs next to nothing`() throws {
        var compressor = RangeCompressor()
        for size in [0, 1, 1000, 65536, 200_000] {
            let bytes = noise(size, seed: 3)
            // A copy: zstd ignores a prefix that is the very memory it compresses.
            let frame = try compressor.compress(bytes, prefix: noise(size, seed: 3))
            #expect(frame.readableBytes < 100 + size / 500)
            #expect(try compressor.decompress(frame, prefix: bytes, exactly: size) == bytes)
            let alone = try compressor.compress(bytes)
            #expect(try compressor.decompress(alone, exactly: size) == bytes)
        }
    }

    @Test func `there is no state between calls`() throws {
        var first = RangeCompressor()
        let bytes = noise(5000, seed: 1)
        _ = try first.compress(noise(9000, seed: 2), prefix: bytes)
        var second = RangeCompressor()
        #expect(try first.compress(bytes) == second.compress(bytes))
    }

    @Test func `a wrong prefix or length is an error or other bytes, never more of them`() throws {
        var compressor = RangeCompressor()
        let bytes = noise(3000, seed: 1)
        let frame = try compressor.compress(bytes, prefix: noise(3000, seed: 1))
        let other = try? compressor.decompress(frame, prefix: noise(3000, seed: 2), exactly: 3000)
        #expect(other != bytes)
        #expect(throws: ScrapeCodecError.self) { try compressor.decompress(frame, exactly: 3000) }
        for length in [-1, 0, 2999, 3001, 5 << 20, Int.max] {
            #expect(throws: ScrapeCodecError.self) {
                try compressor.decompress(frame, prefix: bytes, exactly: length)
            }
        }
        #expect(try compressor.decompress(frame, prefix: bytes, exactly: 3000) == bytes)
    }

    @Test func `a range over the limit is refused before it is compressed`() {
        var compressor = RangeCompressor(maximumBytes: 1000)
        let error = #expect(throws: ScrapeCodecError.self) { try compressor.compress(noise(1001, seed: 1)) }
        #expect(error?.code == .tooLarge)
    }

    @Test(arguments: 0..<4)
    func `damaged frames never trap`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var compressor = RangeCompressor()
        let text = ByteBuffer(string: (0..<60).map { "line \($0 % 7) of a body\n" }.joined())
        let frame = try compressor.compress(text, prefix: text)
        for _ in 0..<5000 {
            let damaged = random.mutated(frame)
            let bytes = try? compressor.decompress(damaged, prefix: text, exactly: text.readableBytes)
            #expect(bytes == nil || bytes?.readableBytes == text.readableBytes, "seed \(seed)")
        }
    }
}
