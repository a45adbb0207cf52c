import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// The wire format: what is written is read back, however it is cut.
@Suite struct FrameTests {
    static let limit = FrameLimits.fromAgent

    @Test(arguments: FrameType.allCases)
    func `a frame is read back as it was written`(_ type: FrameType) throws {
        let seed = UInt64(type.rawValue)
        var generator = FrameGenerator(random: SeededGenerator(seed: seed))
        for _ in 0..<500 {
            let frame = generator.frame(type)
            var buffer = ByteBuffer()
            FrameEncoder.write(frame, into: &buffer)
            var decoder = FrameDecoder(maximumPayload: Self.limit)
            decoder.append(buffer)
            #expect(try decoder.next() == frame, "seed \(seed)")
            #expect(try decoder.next() == nil)
            #expect(!decoder.isMidFrame)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a stream of frames may be cut anywhere`(seed: UInt64) throws {
        var generator = FrameGenerator(random: SeededGenerator(seed: seed))
        let frames = (0..<60).map { _ in generator.frame() }
        var stream = ByteBuffer()
        for frame in frames { FrameEncoder.write(frame, into: &stream) }
        var decoder = FrameDecoder(maximumPayload: Self.limit)
        var decoded: [Frame] = []
        while stream.readableBytes > 0 {
            // One byte at a time for a while, then in strides.
            let most = seed == 1 ? 1 : min(stream.readableBytes, 1 + Int(seed * seed) * 40)
            let cut = Int.random(in: 1...most, using: &generator.random)
            if let part = stream.readSlice(length: cut) { decoder.append(part) }
            while let frame = try decoder.next() { decoded.append(frame) }
        }
        #expect(decoded == frames, "seed \(seed)")
        #expect(!decoder.isMidFrame)
    }

    @Test func `fields of a later version behind the known ones are ignored`() throws {
        for type in FrameType.allCases where type != .append {
            var generator = FrameGenerator(random: SeededGenerator(seed: 77))
            let frame = generator.frame(type)
            var buffer = ByteBuffer()
            FrameEncoder.write(frame, into: &buffer)
            let length = try #require(buffer.getInteger(at: 1, endianness: .little, as: UInt32.self))
            buffer.setInteger(length + 9, at: 1, endianness: .little)
            buffer.writeString("and more.")
            var decoder = FrameDecoder(maximumPayload: Self.limit)
            decoder.append(buffer)
            #expect(try decoder.next() == frame)
        }
    }

    @Test func `an unknown frame is skipped when its type allows that`() throws {
        var buffer = ByteBuffer()
        for type: UInt8 in [0x80, 0xFF, 0x8A] {
            buffer.writeInteger(type)
            buffer.writeInteger(UInt32(5), endianness: .little)
            buffer.writeString("later")
        }
        FrameEncoder.write(.credit(7), into: &buffer)
        var decoder = FrameDecoder(maximumPayload: Self.limit)
        decoder.append(buffer)
        #expect(try decoder.next() == .credit(7))
    }

    @Test(arguments: [0, 11, 0x7F] as [UInt8])
    func `an unknown frame that may not be skipped is refused by its header alone`(type: UInt8) throws {
        var decoder = FrameDecoder(maximumPayload: Self.limit)
        decoder.append(ByteBuffer(bytes: [type, 5, 0, 0, 0]))
        let error = #expect(throws: WireError.self) { try decoder.next() }
        #expect(error?.code == .unknownType)
        #expect(error?.message.contains("\(type)") == true)
    }

    @Test(arguments: [FrameLimits.beforeWelcome, FrameLimits.fromAgent, FrameLimits.fromCollector])
    func `a length above the limit is refused by its header alone`(limit: Int) throws {
        for length in [UInt32.max, 1 << 31, UInt32(limit) + 1] {
            for type: UInt8 in [FrameType.append.rawValue, 0xFF] {
                var decoder = FrameDecoder(maximumPayload: limit)
                var header = ByteBuffer(bytes: [type])
                header.writeInteger(length, endianness: .little)
                decoder.append(header)
                let error = #expect(throws: WireError.self) { try decoder.next() }
                #expect(error?.code == .tooLarge)
            }
        }
    }

    @Test func `a length at the limit is waited for`() throws {
        var decoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
        var header = ByteBuffer(bytes: [FrameType.append.rawValue])
        header.writeInteger(UInt32(FrameLimits.beforeWelcome), endianness: .little)
        decoder.append(header)
        #expect(try decoder.next() == nil)
        #expect(decoder.isMidFrame)
    }

    @Test func `the largest Hello and Welcome fit in what is allowed before Welcome`() throws {
        let text = String(repeating: "x", count: 5000)
        let far = LogRange(epoch: .max, from: .max - 1, to: .max)
        let ranges = [LogRange](repeating: far, count: 200)
        let hello = Frame.Hello(
            instance: 1, clock: .min, isProbe: true, logVersion: 1, build: text, held: ranges)
        let welcome = Frame.Welcome(
            version: 1, connection: 1, clock: 1, credit: 1, collector: text, held: ranges,
            logVersions: [UInt16](repeating: .max, count: 100))
        for frame in [Frame.hello(hello), .welcome(welcome)] {
            var buffer = ByteBuffer()
            FrameEncoder.write(frame, into: &buffer)
            var decoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
            decoder.append(buffer)
            #expect(try decoder.next()?.type == frame.type)
        }
    }

    @Test func `the largest Append fits in what is allowed of an agent`() throws {
        var random = SeededGenerator(seed: 5)
        let bytes = ByteBuffer(
            bytes: (0..<Protocol.maximumAppend).map { _ in UInt8.random(in: 0...255, using: &random) })
        let frame = Frame.append(
            .init(
                range: LogRange(epoch: .max, from: .max - UInt64(bytes.readableBytes), to: .max),
                prefix: 0..<UInt64(Protocol.maximumPrefix(for: Protocol.maximumAppend)),
                compressed: try RangeCompressorBox().compress(bytes, prefix: ByteBuffer()))
        )
        var buffer = ByteBuffer()
        FrameEncoder.write(frame, into: &buffer)
        #expect(buffer.readableBytes <= FrameLimits.fromAgent)
    }

    @Test func `an Append of no bytes, too many bytes, or with too long a prefix is malformed`() throws {
        let cases: [(LogRange, Range<UInt64>)] = [
            (LogRange(epoch: 1, from: 5, to: 5), 5..<5),
            (LogRange(epoch: 1, from: 0, to: UInt64(Protocol.maximumAppend) + 1), 0..<0),
            (LogRange(epoch: 1, from: 0, to: .max), 0..<0),
            (LogRange(epoch: 1, from: 100_000, to: 100_001), 0..<UInt64(Protocol.maximumPrefix(for: 1)) + 1),
            (LogRange(epoch: 1, from: 100_000, to: 150_000), 10..<200_011),
            // Behind the range, or in it.
            (LogRange(epoch: 1, from: 5, to: 9), 9..<12),
            (LogRange(epoch: 1, from: 5, to: 9), 5..<6),
            (LogRange(epoch: 1, from: 5, to: 9), 4..<7),
        ]
        for (range, prefix) in cases {
            var buffer = ByteBuffer()
            FrameEncoder.write(.append(.init(range: range, prefix: prefix, compressed: ByteBuffer())), into: &buffer)
            var decoder = FrameDecoder(maximumPayload: Self.limit)
            decoder.append(buffer)
            #expect(throws: WireError.self) { try decoder.next() }
        }
    }

    @Test func `a text is cut at a character, at 1,024 bytes`() throws {
        for filler in ["a", "ä", "–", "🚇"] {
            for lead in 0...3 {
                let text = String(repeating: "x", count: lead) + String(repeating: filler, count: 1500)
                var buffer = ByteBuffer()
                buffer.writeText(text)
                let read = buffer.readText()
                let back = try #require(read)
                #expect(text.unicodeScalars.starts(with: back.unicodeScalars))
                #expect((1021...1024).contains(back.utf8.count))
            }
        }
    }
}
