import NIOCore
import ScrapeCodec
import TestSupport
import Testing

@Suite struct ScrapeCodecTests {
    private func record(_ body: ByteBuffer, outcome: ScrapeOutcome = .success, contentType: String = "text/plain")
        -> ScrapeRecord
    {
        ScrapeRecord(
            scheduled: 1_700_000_000_000, timestamp: 1_700_000_000_003, duration: 1234, outcome: outcome,
            contentType: contentType, body: body)
    }

    private func exposition(_ lines: Int) -> ByteBuffer {
        ByteBuffer(
            string: (0..<lines).map { "http_requests_total{code=\"200\",path=\"/\($0)\"} \($0 * 17)\n" }.joined())
    }

    private func encoded(_ record: ScrapeRecord) -> ByteBuffer {
        var encoder = ScrapeEncoder()
        var payload = ByteBuffer()
        #expect(encoder.encode(record, into: &payload) == 5)
        return payload
    }

    @Test func `every body and Content-Type comes back byte for byte`() throws {
        let bodies: [ByteBuffer] = [
            ByteBuffer(), ByteBuffer(string: "a 1"), ByteBuffer(string: "a 1\r\nb 2\r\n"), exposition(500),
            ByteBuffer(bytes: [0xFF, 0xFE, 0x00, 0xC3]), ByteBuffer(bytes: (0..<255).map { UInt8($0) }),
            ByteBuffer(repeating: 0x61, count: 10 << 20),
        ]
        let types = ["", "text/plain; version=0.0.4; charset=utf-8", "application/x-protobuf", "tëxt", "\u{1}"]
        var encoder = ScrapeEncoder()
        var decoder = ScrapeDecoder()
        for body in bodies {
            for type in types {
                let record = record(body, contentType: type)
                var payload = ByteBuffer()
                let kind = encoder.encode(record, into: &payload)
                #expect(try decoder.decode(kind: kind, time: record.timestamp, payload: payload) == record)
            }
        }
    }

    @Test func `every way a scrape can end comes back, and is readable without the body`() throws {
        var decoder = ScrapeDecoder()
        for code in ScrapeOutcome.Code.allCases {
            let outcome = ScrapeOutcome(
                code: code, status: code == .unexpectedStatus ? 503 : 0, message: "why: \(code)")
            var record = record(exposition(50), outcome: outcome)
            record.scheduled = .min
            record.duration = .max
            let payload = encoded(record)
            #expect(try decoder.decode(kind: 5, time: record.timestamp, payload: payload) == record)
            let summary = try decoder.decodeMeta(kind: 5, time: record.timestamp, payload: payload)
            #expect(summary.outcome == outcome && summary.bodyBytes == record.body.readableBytes)
            #expect(summary.scheduled == .min && summary.duration == .max && summary.contentType == "text/plain")
        }
    }

    @Test func `text is compressed, noise is not blown up`() {
        #expect(encoded(record(exposition(1000))).readableBytes * 5 < exposition(1000).readableBytes)
        var random = SeededGenerator(seed: 1)
        let noise = ByteBuffer(bytes: (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) })
        #expect(encoded(record(noise)).readableBytes < 1000 + 40)
    }

    @Test func `a body larger than the reader's limit is refused, not allocated`() throws {
        var decoder = ScrapeDecoder(maximumBodyBytes: 1 << 20)
        let payload = encoded(record(ByteBuffer(repeating: 0, count: (1 << 20) + 1)))
        #expect(payload.readableBytes < 500)
        let error = #expect(throws: ScrapeCodecError.self) { try decoder.decode(kind: 5, time: 0, payload: payload) }
        #expect(error?.code == .tooLarge)
        #expect(error?.description == "keyframe: a body of 1048577 bytes; expected at most 1048576")
    }

    @Test func `a bomb that declares less than it holds is refused`() throws {
        var honest = encoded(record(ByteBuffer(repeating: 0, count: 8 << 20), contentType: ""))
        // fields length, fields, then the body's length as a varint of four bytes.
        let fields = Int(try #require(honest.getInteger(at: 0, as: UInt8.self)))
        let frame = try #require(honest.getSlice(at: 1 + fields + 4, length: honest.readableBytes - fields - 5))
        honest.moveWriterIndex(to: 1 + fields)
        honest.writeInteger(UInt8(100))
        honest.writeImmutableBuffer(frame)
        var decoder = ScrapeDecoder()
        let error = #expect(throws: ScrapeCodecError.self) { try decoder.decode(kind: 5, time: 0, payload: honest) }
        #expect(error?.message == "the frame does not declare the expected 100 bytes")
    }

    @Test func `an unknown kind, encoding or outcome is unsupported; an unknown field is skipped`() throws {
        var decoder = ScrapeDecoder()
        let unknownKind = #expect(throws: ScrapeCodecError.self) {
            try decoder.decode(kind: 6, time: 0, payload: ByteBuffer())
        }
        #expect(unknownKind?.code == .unsupported)
        let fields: [UInt8] = [200, 2, 7, 7]
        let fine = try decoder.decode(kind: 5, time: 9, payload: ByteBuffer(bytes: [4] + fields + [1, 0, 65]))
        #expect(fine.body == ByteBuffer(string: "A") && fine.timestamp == 9 && fine.scheduled == 9)
        for bytes in [[0, 1, 9, 65], [3, 3, 1, 99, 0, 0]] as [[UInt8]] {
            let error = #expect(throws: ScrapeCodecError.self) {
                try decoder.decode(kind: 5, time: 0, payload: ByteBuffer(bytes: bytes))
            }
            #expect(error?.code == .unsupported)
        }
    }

    @Test(arguments: 0..<10)
    func `damaged payloads never trap and stay within the limit`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var decoder = ScrapeDecoder(maximumBodyBytes: 64 << 10)
        let seeds = [
            encoded(record(exposition(3))), encoded(record(exposition(40))),
            encoded(record(ByteBuffer(), outcome: ScrapeOutcome(code: .timedOut, message: "no answer"))),
            encoded(record(ByteBuffer(repeating: 1, count: 60000))),
        ]
        for round in 0..<10000 {
            var payload = random.mutated(seeds[round % seeds.count])
            if round % 16 == 0 {
                payload = ByteBuffer(bytes: (0..<round % 64).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            guard let record = try? decoder.decode(kind: 5, time: 1, payload: payload) else { continue }
            #expect(record.body.readableBytes <= 64 << 10, "seed \(seed)")
        }
        #expect(try decoder.decode(kind: 5, time: 1_700_000_000_003, payload: seeds[0]).body == exposition(3))
    }
}
