import NIOCore
import TestSupport
import Testing

@testable import ScrapeCodec

/// Damaged and hostile records: always an error or a body of the declared length, and the next keyframe mends it.
@Suite struct HostileRecordTests {
    /// The records of a target's first two scrapes.
    private struct Pair {
        var name: String
        var keyframe: EncodedScrape
        var delta: EncodedScrape
        var body: ByteBuffer
    }

    private static func pairs(lines: Int?) throws -> [Pair] {
        try Fixtures.recordings().map { name, bodies in
            var random = SeededGenerator(seed: 7)
            let first = lines.map { random.lines(of: bodies[0], count: $0) } ?? bodies[0]
            let second = lines.map { _ in random.mutatedBody(first) } ?? bodies[1]
            var encoder = ScrapeEncoder()
            let keyframe = encoder.encode(.make(first), target: 1)
            return Pair(
                name: name, keyframe: keyframe, delta: encoder.encode(.make(second), target: 1), body: first)
        }
    }

    /// Feeds a damaged record in the place of one of a pair's, and the rest as it is.
    private static func check(_ pair: Pair, _ damaged: ByteBuffer, at record: Int, _ what: String) {
        var decoder = ScrapeDecoder(limits: CodecLimits(bodyBytes: 1 << 20))
        let payloads = [pair.keyframe.lines, pair.keyframe.payload, pair.delta.lines, pair.delta.payload]
        for (index, payload) in payloads.enumerated() {
            let payload = index == record ? damaged : payload
            if index % 2 == 0 {
                _ = try? decoder.addLines(payload)
                continue
            }
            let broken = RecordLaws.broken(
                &decoder, kind: index == 1 ? EncodedScrape.keyframe : EncodedScrape.delta, 1,
                position: UInt64(index), distance: 2, payload, CodecLimits(bodyBytes: 1 << 20))
            if let broken { Issue.record("\(pair.name), record \(record), \(what): \(broken)") }
        }
        if let broken = RecordLaws.brokenRecovery(&decoder, [1, 2], 9) {
            Issue.record("\(pair.name), record \(record), \(what): \(broken)")
        }
    }

    private static func payload(_ pair: Pair, _ record: Int) -> ByteBuffer {
        [pair.keyframe.lines, pair.keyframe.payload, pair.delta.lines, pair.delta.payload][record]
    }

    @Test(arguments: 0..<4)
    func `a record cut at any byte is an error or a body, and the next keyframe is fine`(record: Int) throws {
        for pair in try Self.pairs(lines: 6) {
            let payload = Self.payload(pair, record)
            for length in 0..<payload.readableBytes {
                Self.check(
                    pair, ByteBuffer(bytes: payload.readableBytesView.prefix(length)), at: record, "cut at \(length)")
            }
        }
        for pair in try Self.pairs(lines: nil) {
            let payload = Self.payload(pair, record)
            for part in 1..<4 {
                let length = payload.readableBytes * part / 4
                Self.check(
                    pair, ByteBuffer(bytes: payload.readableBytesView.prefix(length)), at: record, "cut at \(length)")
            }
        }
    }

    @Test(arguments: 0..<4)
    func `a record with any bit flipped is an error or a body`(record: Int) throws {
        var random = SeededGenerator(seed: UInt64(record))
        for (pair, isSmall) in try Self.pairs(lines: 4).map({ ($0, true) })
            + Self.pairs(lines: nil).suffix(2).map({ ($0, false) })
        {
            let payload = Self.payload(pair, record)
            let bits = payload.readableBytes * 8
            guard bits > 0 else { continue }
            let every = isSmall && (bits < 2000 || Soak.isOn)
            for round in 0..<(every ? bits : isSmall ? 500 : 5 * Soak.factor) {
                let bit = every ? round : random.below(bits)
                var bytes = Array(payload.readableBytesView)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                Self.check(pair, ByteBuffer(bytes: bytes), at: record, "bit \(bit)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(4))
    func `random and mutated payloads never trap`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pairs = try Self.pairs(lines: 5)
        for round in 0..<1000 * Soak.factor {
            let pair = random.element(of: pairs)
            let record = random.below(4)
            var payload = random.mutated(Self.payload(pair, record))
            if round % 8 == 0 { payload = random.noise(of: random.below(64)) }
            if round % 8 == 1 { payload = PayloadBuilder.whole(.lines, bytes: 100, random.noise(of: random.below(64))) }
            Self.check(pair, payload, at: record, "seed \(seed), round \(round)")
        }
    }

    @Test func `edits that lead out of the layout or the dictionary are refused`() throws {
        let dictionary = ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value), ("b ", .value)]))
        let huge: [UInt64] = [3, 1 << 31, 1 << 32, 1 << 61, (1 << 62) - 4]
        var edits: [[UInt8]] = [[3], [0x80], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0xFF, count: 11)]
        for count in huge {
            edits.append(PayloadBuilder.edit(.keep, count))
            edits.append(PayloadBuilder.edit(.jump, count))
            edits.append(PayloadBuilder.edit(.jump, count &+ 3))
            edits.append(PayloadBuilder.edit(.insert, count, 0))
            edits.append(PayloadBuilder.edit(.insert, 1, count * 2))
            edits.append(PayloadBuilder.edit(.insert, 1, count * 2 + 1))
            edits.append(PayloadBuilder.edit(.insert, count, .max))
            edits.append(PayloadBuilder.edit(.insert, count))
        }
        edits.append(PayloadBuilder.edit(.insert, 1, 1 << 63))
        edits.append(PayloadBuilder.edit(.keep, 1) + PayloadBuilder.edit(.jump, 1) + PayloadBuilder.edit(.keep, 1))
        for edit in edits {
            var decoder = ScrapeDecoder()
            try decoder.addLines(dictionary)
            let fine = PayloadBuilder.lines(bytes: 8, edits: PayloadBuilder.edit(.insert, 2, 0))
            try decoder.feed(fine)
            let error = #expect(throws: ScrapeCodecError.self, "\(edit)") {
                try decoder.feed(PayloadBuilder.lines(bytes: 0, edits: edit), kind: EncodedScrape.delta, position: 2)
            }
            #expect(error?.code == .malformed || error?.code == .tooLarge)
            let again = try decoder.feed(fine, position: 3)
            #expect(try again?.body.render() == ByteBuffer(string: "a 0\nb 0\n"))
        }
    }

    @Test func `lines, texts and lengths that are declared and not there are refused`() throws {
        for payload in [[0], [1], [8, 0x61], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], [0x80]]
            as [[UInt8]]
        {
            var decoder = ScrapeDecoder()
            #expect(throws: ScrapeCodecError.self, "\(payload)") { try decoder.addLines(ByteBuffer(bytes: payload)) }
            #expect(throws: ScrapeCodecError.self, "\(payload)") {
                try decoder.feed(PayloadBuilder.lines(bytes: 1, own: payload))
            }
            try decoder.addLines(ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value)])))
        }
        for bytes in [-1, Int64.min, .max, (64 << 20) + 1] {
            for encoding in [BodyEncoding.raw, .zstd, .lines] {
                var decoder = ScrapeDecoder()
                #expect(throws: ScrapeCodecError.self) {
                    try decoder.feed(PayloadBuilder.whole(encoding, bytes: bytes, ByteBuffer(bytes: [0, 0, 0, 0])))
                }
            }
        }
    }

    @Test func `a line without text or a body of another length is no body`() throws {
        var decoder = ScrapeDecoder()
        try decoder.addLines(ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value), ("# b\n", .text)])))
        for bytes in [0, 3, 7, 9, 1 << 20] as [Int64] {
            let payload = PayloadBuilder.lines(bytes: bytes, edits: PayloadBuilder.edit(.insert, 2, 0))
            guard let scrape = try? decoder.feed(payload), scrape.summary.bodyBytes > 0 else { continue }
            let error = #expect(throws: ScrapeCodecError.self, "\(bytes)") { try scrape.body.render() }
            #expect(error?.code == .malformed)
        }
    }

    @Test func `specials that no encoder writes are refused`() throws {
        let dictionary = ByteBuffer(bytes: PayloadBuilder.dictionary([("a ", .value)]))
        // The decisions "changed, by a special" of a first field.
        var encoder = FieldEncoder()
        var field = FieldState()
        var texts = TextStore()
        Array("foo".utf8).withUnsafeBufferPointer {
            encoder.encode(value: $0, &field, texts: &texts, model: FieldModel())
        }
        encoder.finish()
        let range = encoder.writer.range.bytes
        func decode(_ specials: [UInt8], bytes: Int64) throws(ScrapeCodecError) -> ByteBuffer? {
            var decoder = ScrapeDecoder()
            try decoder.addLines(dictionary)
            let payload = PayloadBuilder.lines(
                bytes: bytes, edits: PayloadBuilder.edit(.insert, 1, 0), specials: specials, range: range)
            return try decoder.feed(payload)?.body.render()
        }
        #expect(try decode(Array(buffer: encoder.writer.specials), bytes: 6) == ByteBuffer(string: "a foo\n"))
        #expect(try decode([FieldSpecial.text, 0], bytes: 3) == ByteBuffer(string: "a \n"))
        var refused: [[UInt8]] = [[], [5], [15], [17, 0], [31], [32], [35], [37], [255], [16], [16, 5], [0], [0, 0]]
        refused.append([FieldSpecial.text] + PayloadBuilder.varints([.max]))
        refused.append([NumberStyle.fixed.rawValue, 1, 2])
        for style in NumberStyle.allCases {
            refused.append([style.rawValue, 127] + PayloadBuilder.varints([.max - 1]))
        }
        for specials in refused {
            #expect(throws: ScrapeCodecError.self, "\(specials)") { try decode(specials, bytes: 6) }
        }
        // Any scale and value of any style is an error or a number.
        for style in NumberStyle.allCases {
            for scale in UInt8.min...UInt8.max {
                for value in [0, 1, 2, 20, .max, .max - 1] as [UInt64] {
                    _ = try? decode([style.rawValue, scale] + PayloadBuilder.varints([value]), bytes: 6)
                }
            }
        }
    }

    @Test func `unknown flags, encodings, outcomes and kinds are refused by name`() throws {
        var decoder = ScrapeDecoder()
        let refused: [(bytes: [UInt8], code: ScrapeCodecError.Code)] = [
            ([], .malformed), ([8, 0, 0], .malformed), ([4, 0, 0], .malformed), ([4, 0, 0, 5], .unsupported),
            ([2, 0, 99, 0, 0, 0], .unsupported), ([2, 0, 1], .malformed), ([4, 0, 1, 0xFF, 0], .malformed),
            ([2, 0, 1] + PayloadBuilder.varints([65536]), .malformed),
            ([4, 0] + PayloadBuilder.varints([.max]), .malformed), ([4, 0, 0, 3, 2, 0], .malformed),
        ]
        for (bytes, code) in refused {
            let error = #expect(throws: ScrapeCodecError.self, "\(bytes)") {
                try decoder.feed(ByteBuffer(bytes: bytes))
            }
            #expect(error?.code == code, "\(bytes)")
            #expect(error?.message.isEmpty == false)
        }
        for kind in [0, 1, 4, 7, 255] as [UInt8] {
            let error = #expect(throws: ScrapeCodecError.self) { try decoder.feed(ByteBuffer(), kind: kind) }
            #expect(error?.code == .unsupported)
        }
    }
}
