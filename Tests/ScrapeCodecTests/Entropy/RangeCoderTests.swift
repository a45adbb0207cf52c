import NIOCore
import TestSupport
import Testing

@testable import ScrapeCodec

/// Decisions and bits come back whatever their probabilities, and any bytes are some decisions.
@Suite struct RangeCoderTests {
    private func decoded(_ bytes: [UInt8], _ probabilities: [UInt16]) -> [Bool] {
        bytes.withUnsafeBufferPointer { bytes in
            var decoder = RangeDecoder(bytes)
            return probabilities.map { probability in
                var probability = probability
                return decoder.decode(&probability)
            }
        }
    }

    private func encoded(_ bits: [Bool], _ probabilities: [UInt16]) -> [UInt8] {
        var encoder = RangeEncoder()
        for (bit, probability) in zip(bits, probabilities) {
            var probability = probability
            encoder.encode(bit, &probability)
        }
        encoder.finish()
        return encoder.bytes
    }

    private func probabilities(_ count: Int, using random: inout SeededGenerator) -> [UInt16] {
        (0..<count).map { _ in
            random.once(in: 2) ? 32 + UInt16(random.below(65_472)) : random.element(of: [31, 32, 32768, 65504, 65505])
        }
    }

    @Test(arguments: 0..<UInt64(4))
    func `random decisions with random probabilities come back`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 * Soak.factor {
            let probabilities = probabilities(random.below(300), using: &random)
            let skew = 1 + random.below(40)
            let bits = probabilities.map { _ in random.once(in: skew) }
            guard decoded(encoded(bits, probabilities), probabilities) != bits else { continue }
            Issue.record("seed \(seed), round \(round)")
            return
        }
    }

    @Test(arguments: 0..<UInt64(4))
    func `a carry reaches through long runs of 0xFF`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var longest = 0
        for round in 0..<100 * Soak.factor {
            // The decisions that these bytes stand for lead the encoder along the edge of a carry.
            let run = [UInt8](repeating: random.once(in: 2) ? 0xFF : 0, count: random.below(30))
            let tail = (0..<random.below(4)).map { _ in UInt8(random.below(256)) }
            let bytes = [UInt8(random.below(256)), UInt8(random.below(256))] + run + tail
            let probabilities = probabilities(300, using: &random)
            let bits = decoded(bytes, probabilities)
            let again = encoded(bits, probabilities)
            longest = max(longest, again.split(whereSeparator: { $0 != 0xFF && $0 != 0 }).map(\.count).max() ?? 0)
            guard decoded(again, probabilities) != bits else { continue }
            Issue.record("seed \(seed), round \(round)")
            return
        }
        #expect(longest > 10)
    }

    @Test func `probabilities move alike on both sides and never to an end`() {
        var random = SeededGenerator(seed: 5)
        var encoder = RangeEncoder()
        var mine = [UInt16](repeating: Probability.even, count: 4)
        let bits = (0..<20_000).map { ($0 & 3, $0 & 3 == 0 || ($0 & 3 != 3 && random.once(in: 50))) }
        for (context, bit) in bits { encoder.encode(bit, &mine[context]) }
        encoder.finish()
        var theirs = [UInt16](repeating: Probability.even, count: 4)
        encoder.bytes.withUnsafeBufferPointer { bytes in
            var decoder = RangeDecoder(bytes)
            let wrong = bits.firstIndex { context, bit in decoder.decode(&theirs[context]) != bit }
            #expect(wrong == nil)
        }
        #expect(mine == theirs)
        #expect(mine.allSatisfy { $0 > 0 && $0 < .max })
        #expect(encoder.bytes.count < 20_000 / 8 / 4)
    }

    @Test func `an encoder starts anew after a reset`() {
        let probabilities = [UInt16](repeating: 40_000, count: 64)
        let bits = (0..<64).map { $0 % 5 == 0 }
        var encoder = RangeEncoder()
        for _ in 0..<2 {
            encoder.reset()
            for bit in bits {
                var probability: UInt16 = 40_000
                encoder.encode(bit, &probability)
            }
            encoder.finish()
            #expect(decoded(encoder.bytes, probabilities) == bits)
        }
        #expect(encoded([], []).isEmpty)
    }

    @Test func `reading past the end goes on, and ends when the asking does`() {
        let probabilities = [UInt16](repeating: Probability.even, count: 10_000)
        for bytes in [[], [0], [0xFF], [UInt8](repeating: 0xFF, count: 9)] as [[UInt8]] {
            #expect(decoded(bytes, probabilities).count == 10_000)
        }
        var reader = BitReader(UnsafeBufferPointer(start: nil, count: 0))
        for width in 0...64 { #expect(reader.read(width: width) == 0) }
    }

    @Test(arguments: 0..<UInt64(4))
    func `bits of any width come back`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var writer = BitWriter()
        for _ in 0..<2 {
            writer.reset()
            let numbers = (0..<500).map { _ -> (value: UInt64, width: Int) in
                let width = random.below(65)
                return (width == 0 ? 0 : random.next() >> UInt64(64 - width), width)
            }
            // What is above the width is not written.
            for (value, width) in numbers { writer.write(width < 64 ? value | 1 << 63 : value, width: width) }
            var buffer = ByteBuffer()
            writer.write(to: &buffer)
            Array(buffer: buffer).withUnsafeBufferPointer { bytes in
                var reader = BitReader(bytes)
                let wrong = numbers.firstIndex { reader.read(width: $0.width) != $0.value }
                #expect(wrong == nil, "seed \(seed)")
            }
        }
    }
}
