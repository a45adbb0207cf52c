import NIOCore
import TestSupport
import Testing

@testable import Tunnel

/// What a hostile peer can put on the wire: an error or a frame, never a trap, never more than the limit held.
@Suite struct MutationTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `25,000 damaged streams are refused or understood, and never trap`(seed: UInt64) {
        var generator = FrameGenerator(random: SeededGenerator(seed: seed))
        let intact = (0..<200).map { number in
            var stream = ByteBuffer()
            for _ in 0...number % 2 { FrameEncoder.write(generator.frame(), into: &stream) }
            return stream
        }
        var outcomes = (frames: 0, errors: 0)
        for number in 0..<25_000 {
            var stream = intact[number % intact.count]
            mutate(&stream, &generator.random)
            var decoder = FrameDecoder(maximumPayload: FrameLimits.fromAgent)
            decoder.append(stream)
            do {
                while try decoder.next() != nil { outcomes.frames += 1 }
            } catch {
                outcomes.errors += 1
            }
        }
        #expect(outcomes.frames > 5000, "seed \(seed)")
        #expect(outcomes.errors > 1000, "seed \(seed)")
    }

    /// Keeps the header of the first frame in half of the cases, so that its payload is reached.
    private func mutate(_ stream: inout ByteBuffer, _ random: inout SeededGenerator) {
        let first = Bool.random(using: &random) ? Protocol.frameHeaderLength : 0
        guard stream.readableBytes > first else { return }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let index = Int.random(in: first..<stream.readableBytes, using: &random)
            let byte: UInt8 =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: 0xFF
                case 1: 0
                case 2: 0x80
                default: UInt8.random(in: 0...255, using: &random)
                }
            stream.setInteger(byte, at: index)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            // A payload that ends early: the length says less than the fields need.
            let length = stream.getInteger(at: 1, endianness: .little, as: UInt32.self) ?? 0
            stream.setInteger(UInt32.random(in: 0...(length % 4096), using: &random), at: 1, endianness: .little)
        }
    }

    @Test func `a flood of empty frames is cut into as many errors as it deserves`() {
        var flood = ByteBuffer()
        for _ in 0..<100_000 { flood.writeBytes([0xFF, 0, 0, 0, 0]) }
        var decoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
        decoder.append(flood)
        #expect(throws: Never.self) { try decoder.next() }
        #expect(!decoder.isMidFrame)
    }
}
