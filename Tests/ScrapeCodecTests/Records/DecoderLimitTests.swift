import NIOCore
import TestSupport
import Testing

@testable import ScrapeCodec

/// What is kept of one agent is bounded, and what is beyond is refused without harm to the rest.
@Suite struct DecoderLimitTests {
    private func exposition(_ numbers: Range<Int>) -> String { numbers.map { "requests{n=\"\($0)\"} 1\n" }.joined() }

    @Test func `a dictionary beyond its caps is refused, and a segment's end empties it`() throws {
        for limits in [CodecLimits(dictionaryLines: 3), CodecLimits(dictionaryBytes: 6)] {
            var decoder = ScrapeDecoder(limits: limits)
            let lines = ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value), ("b ", .value), ("c ", .value)]))
            try decoder.addLines(lines)
            let one = ByteBuffer(bytes: PayloadBuilder.dictionary([("d ", .value)]))
            let error = #expect(throws: ScrapeCodecError.self) { try decoder.addLines(one) }
            #expect(error?.code == .tooLarge && error?.culprit == "dictionary")
            decoder.beginSegment()
            try decoder.addLines(lines)
        }
    }

    @Test func `a body of more lines or bytes than may be is refused`() throws {
        var decoder = ScrapeDecoder(limits: CodecLimits(bodyBytes: 100, bodyLines: 4))
        try decoder.addLines(ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value), ("b ", .value)])))
        let twice = PayloadBuilder.edit(.insert, 2, 0) + PayloadBuilder.edit(.insert, 2, 0)
        #expect(try decoder.feed(PayloadBuilder.lines(bytes: 16, edits: twice))?.body.render().readableBytes == 16)
        let thrice = twice + PayloadBuilder.edit(.insert, 1, 0)
        let error = #expect(throws: ScrapeCodecError.self) {
            try decoder.feed(PayloadBuilder.lines(bytes: 20, edits: thrice))
        }
        #expect(error?.code == .tooLarge)
        let large = #expect(throws: ScrapeCodecError.self) {
            try decoder.feed(PayloadBuilder.whole(.raw, bytes: 101, ByteBuffer(repeating: 0, count: 101)))
        }
        #expect(large?.description == "scrape: a body of 101 bytes; expected 0 to 100")
    }

    @Test func `all targets together keep no more than an agent may, and forgetting one makes room`() throws {
        for isText in [true, false] {
            let limits = isText ? CodecLimits(totalLines: 100) : CodecLimits(totalBytes: 8192)
            var encoder = ScrapeEncoder(limits: limits)
            var decoder = ScrapeDecoder(limits: limits)
            func scrape(_ target: UInt32) -> EncodedScrape {
                let noise = ByteBuffer(repeating: UInt8(target), count: 5000)
                return encoder.encode(
                    isText ? .make(exposition(0..<60)) : .make(noise, contentType: ScrapeRecord.protobufType),
                    target: target)
            }
            try decoder.feed(scrape(1), target: 1)
            let second = scrape(2)
            let error = #expect(throws: ScrapeCodecError.self) { try decoder.feed(second, target: 2) }
            #expect(error?.code == .tooLarge)
            // The first is as it was.
            try decoder.feed(scrape(1), target: 1, position: 2)
            decoder.forget(1)
            #expect(throws: Never.self) { try decoder.feed(second.payload, kind: second.kind, target: 2) }
        }
    }

    @Test func `a target's keyframe takes the room of what was before it`() throws {
        let limits = CodecLimits(totalLines: 100)
        var encoder = ScrapeEncoder(limits: limits)
        var decoder = ScrapeDecoder(limits: limits)
        for round in 0..<5 {
            encoder.forget(1)
            let scrape = encoder.encode(.make(exposition(round..<round + 90)), target: 1)
            #expect(scrape.kind == EncodedScrape.keyframe)
            #expect(throws: Never.self, "round \(round)") { try decoder.feed(scrape) }
        }
    }

    @Test func `honest bodies of nothing but odd values are within the limit of their size`() {
        var laws = CodecLaws(limits: CodecLimits(bodyBytes: 400))
        for round in 0..<3 {
            let body = (0..<20).map { "a\($0) +\(round).50\r\n" }.joined()
            #expect(laws.broken(by: .make(body), of: 1) == nil, "round \(round)")
            #expect((laws.encoded?.lines.readableBytes ?? 0) > 0 || round > 0)
        }
    }

    @Test func `the places of texts that went are used again, even of empty ones`() {
        var layout = Layout(dictionary: LineDictionary(limits: .init(lines: 1, bytes: 1)), limits: CodecLimits())
        for _ in 0..<3 {
            var change = LayoutChange(&layout, kept: 0, fields: 0)
            var fields = [FieldState(), FieldState()]
            for index in fields.indices {
                layout.texts.set(&fields[index], [])
                #expect(fields[index].mantissa < 4)
            }
            let line = "a ".utf8.withContiguousStorageIfAvailable { text in
                layout.own.takes(text.count) ? layout.own.append(text, kind: .trailing) : nil
            }
            if let line = line.flatMap(\.self) { change.insert(line, fields[0], fields[1]) }
            change.finish(&layout)
            #expect(layout.lines.count == 1)
        }
    }

    // MARK: Memory, each in a process of its own

    @Test func `a frame that declares other than the record, or lies, costs no memory`() async {
        await #expect(processExitsWith: .success) {
            let before = PeakMemory.bytes
            let real = try PayloadBuilder.frame(ByteBuffer(repeating: 0, count: 1000))
            // A header for 64 MiB in one segment, and nothing behind it.
            var liar = ByteBuffer(bytes: [0x28, 0xB5, 0x2F, 0xFD, 0xA0])
            liar.writeInteger(UInt32(64 << 20), endianness: .little)
            for (bytes, frame) in [
                (64 << 20, real), (999, real), (1001, real), (1000, liar), (0, real), (1 << 40, liar),
            ] {
                var decoder = ScrapeDecoder()
                #expect(throws: ScrapeCodecError.self) {
                    try decoder.feed(PayloadBuilder.whole(.zstd, bytes: Int64(bytes), frame))
                }
            }
            #expect(PeakMemory.bytes - before < 8 << 20)
            // What declares 64 MiB and agrees with the record is read, and then found wanting.
            var decoder = ScrapeDecoder()
            #expect(throws: ScrapeCodecError.self) {
                try decoder.feed(PayloadBuilder.whole(.zstd, bytes: 64 << 20, liar))
            }
            #expect(PeakMemory.bytes - before < 80 << 20)
        }
    }

    @Test func `bombs cost what one agent may keep and no more`() async {
        await #expect(processExitsWith: .success) {
            let frame = try PayloadBuilder.frame(ByteBuffer(repeating: 0, count: 16 << 20))
            #expect(frame.readableBytes < 4096)
            let before = PeakMemory.bytes
            var decoder = ScrapeDecoder(limits: CodecLimits(bodyBytes: 16 << 20, totalBytes: 40 << 20))
            var refused = 0
            for target in 0..<UInt32(20) {
                let payload = PayloadBuilder.whole(.zstd, bytes: 16 << 20, frame)
                do { try decoder.feed(payload, target: target) } catch { refused += 1 }
            }
            #expect(refused == 18)
            #expect(PeakMemory.bytes - before < 80 << 20)
        }
    }

    @Test func `short own lines are counted for what they cost`() async {
        await #expect(processExitsWith: .success) {
            let before = PeakMemory.bytes
            var decoder = ScrapeDecoder(limits: CodecLimits(totalBytes: 1 << 20))
            // 20,000 lines of one byte, none of them in the body.
            let own = [UInt8]((0..<20_000).flatMap { _ in [5, 0x61] as [UInt8] })
            let payload = PayloadBuilder.lines(bytes: 0, own: own)
            for target in 0..<UInt32(40) { _ = try? decoder.feed(payload, target: target) }
            #expect(PeakMemory.bytes - before < 12 << 20)
        }
    }

    @Test func `insertions repeated without end stop at the limit of lines`() async {
        await #expect(processExitsWith: .success) {
            let before = PeakMemory.bytes
            var decoder = ScrapeDecoder(limits: CodecLimits(bodyLines: 1 << 16))
            let lines = PayloadBuilder.dictionary((0..<1000).map { _ in ("a", .trailing) })
            try decoder.addLines(ByteBuffer(bytes: lines))
            let edits = (0..<10_000).flatMap { _ in PayloadBuilder.edit(.insert, 1000, 0) }
            #expect(throws: ScrapeCodecError.self) {
                try decoder.feed(PayloadBuilder.lines(bytes: 1, edits: edits))
            }
            #expect(PeakMemory.bytes - before < 24 << 20)
        }
    }

    @Test func `a short body does not hold the buffer it came in`() async {
        await #expect(processExitsWith: .success) {
            let before = PeakMemory.bytes
            var decoder = ScrapeDecoder()
            for target in 0..<UInt32(100) {
                var segment = PayloadBuilder.whole(.raw, bytes: 5, ByteBuffer(string: "short"))
                let length = segment.readableBytes
                segment.writeRepeatingByte(1, count: 1 << 20)
                try decoder.feed(segment.getSlice(at: 0, length: length) ?? ByteBuffer(), target: target)
            }
            #expect(PeakMemory.bytes - before < 32 << 20)
        }
    }
}
