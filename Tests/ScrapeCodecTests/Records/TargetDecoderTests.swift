import NIOCore
import TestSupport
import Testing

@testable import ScrapeCodec

/// One target's records, decoded without those of any other.
@Suite struct TargetDecoderTests {
    /// A record as the log has it, and what it was made from.
    private struct Record {
        var kind: UInt8
        var payload: ByteBuffer
        var scrape: ScrapeRecord
        /// How many of the segment's dictionary records stand before it.
        var lines: Int
    }

    /// One segment of several targets' scrapes.
    private struct Segment {
        var lines: [ByteBuffer] = []
        var targets: [UInt32: [Record]] = [:]

        func dictionary(_ count: Int? = nil, limits: CodecLimits = CodecLimits()) throws -> SegmentLines {
            let dictionary = SegmentLines(limits: limits)
            for payload in lines.prefix(count ?? lines.count) { try dictionary.add(payload) }
            return dictionary
        }
    }

    private static func segment(
        _ random: inout SeededGenerator, scrapes: Int, limits: CodecLimits = CodecLimits()
    ) -> Segment {
        var encoder = ScrapeEncoder(limits: limits)
        var targets = (0..<3).map { _ in GeneratedTarget(longest: 12, using: &random) }
        var segment = Segment()
        for number in 0..<scrapes {
            let target = random.below(3)
            targets[target].change(using: &random)
            var record = ScrapeRecord.make(
                targets[target].body(), contentType: targets[target].contentType, time: Int64(number))
            if random.once(in: 10) {
                record.outcome = ScrapeOutcome(code: .timedOut, message: "no answer")
                record.body = ByteBuffer()
            }
            if random.once(in: 30) { record.contentType = ScrapeRecord.protobufType }
            let scrape = encoder.encode(record, target: UInt32(target))
            if scrape.lines.readableBytes > 0 { segment.lines.append(scrape.lines) }
            segment.targets[UInt32(target), default: []].append(
                Record(kind: scrape.kind, payload: scrape.payload, scrape: record, lines: segment.lines.count))
        }
        return segment
    }

    private static func check(
        _ decoder: inout TargetDecoder, _ record: Record, _ lines: SegmentLines, _ comment: Comment
    ) throws {
        let summary = try decoder.decode(
            kind: record.kind, time: record.scrape.timestamp, payload: record.payload, lines: lines)
        #expect(summary.timestamp == record.scrape.timestamp, comment)
        #expect(summary.outcome == record.scrape.outcome, comment)
        #expect(summary.contentType == record.scrape.contentType, comment)
        #expect(summary.bodyBytes == record.scrape.body.readableBytes, comment)
        #expect(try decoder.render() == record.scrape.body, comment)
    }

    @Test(arguments: 0..<UInt64(60))
    func `one target's records alone give what was scraped`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let limits = random.once(in: 2) ? CodecLimits(dictionaryLines: 5, dictionaryBytes: 120) : CodecLimits()
        let segment = Self.segment(&random, scrapes: 60, limits: limits)
        for (target, records) in segment.targets {
            // With the whole segment's dictionary, and with just what stands before each record.
            let whole = try segment.dictionary(limits: limits)
            let grown = SegmentLines(limits: limits)
            var known = 0
            var first = TargetDecoder(limits: limits)
            var second = TargetDecoder(limits: limits)
            for (index, record) in records.enumerated() {
                for payload in segment.lines[known..<record.lines] { try grown.add(payload) }
                known = record.lines
                try Self.check(&first, record, whole, "seed \(seed), target \(target), record \(index)")
                try Self.check(&second, record, grown, "seed \(seed), target \(target), record \(index)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(60))
    func `a copy goes on as if it were the only one`(seed: UInt64) throws {
        var random = SeededGenerator(seed: 1000 + seed)
        let limits = random.once(in: 2) ? CodecLimits(dictionaryLines: 5, dictionaryBytes: 120) : CodecLimits()
        let segment = Self.segment(&random, scrapes: 50, limits: limits)
        let lines = try segment.dictionary(limits: limits)
        let records = try #require(segment.targets[0])
        // Decoders at different places, each a copy of another, go on in any order.
        var decoders: [(next: Int, decoder: TargetDecoder)] = [(0, TargetDecoder(limits: limits))]
        for step in 0..<200 {
            let index = random.below(decoders.count)
            let next = decoders[index].next
            if random.once(in: 4), decoders.count < 6 {
                decoders.append(decoders[index])
            } else if next < records.count {
                try Self.check(&decoders[index].decoder, records[next], lines, "seed \(seed), step \(step)")
                decoders[index].next += 1
            } else if decoders.count > 1 {
                decoders.remove(at: index)
            }
            let (behind, decoder) = decoders[random.below(decoders.count)]
            guard behind > 0 else { continue }
            #expect(try decoder.render() == records[behind - 1].scrape.body, "seed \(seed), step \(step)")
        }
    }

    @Test func `recorded bodies come back from a checkpoint, at sixteen bytes a number`() throws {
        for (name, bodies) in try Fixtures.recordings() {
            var encoder = ScrapeEncoder()
            let lines = SegmentLines()
            var decoder = TargetDecoder()
            var checkpoints: [TargetDecoder] = []
            for (number, body) in bodies.enumerated() {
                let scrape = encoder.encode(.make(body, time: Int64(number)), target: 1)
                if scrape.lines.readableBytes > 0 { try lines.add(scrape.lines) }
                for index in checkpoints.indices where number < index + 4 {
                    _ = try checkpoints[index].decode(
                        kind: scrape.kind, time: Int64(number), payload: scrape.payload, lines: lines)
                    #expect(try checkpoints[index].render() == body, "\(name), recording \(number)")
                }
                _ = try decoder.decode(kind: scrape.kind, time: Int64(number), payload: scrape.payload, lines: lines)
                #expect(try decoder.render() == body, "\(name), recording \(number)")
                checkpoints.append(decoder)
            }
            let samples = String(buffer: bodies[0]).split(separator: "\n").count { !$0.hasPrefix("#") }
            #expect(decoder.cost < samples * 33 + 40 * 1024, "\(name)")
            var other = try #require(checkpoints.last)
            let before = other.cost
            let shared = try #require(decoder.lines)
            let isShared = other.share(shared)
            #expect(isShared)
            #expect(other.cost == before - shared.cost, "\(name)")
            #expect(other.cost < samples * 17 + 40 * 1024, "\(name)")
            #expect(try other.render() == decoder.render())
        }
    }

    @Test(arguments: 0..<UInt64(200))
    func `a damaged record is an error or a body of the declared length, and the next keyframe mends it`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: 5000 + seed)
        let limits = CodecLimits(bodyBytes: 1 << 20, bodyLines: 4096)
        var segment = Self.segment(&random, scrapes: 12, limits: limits)
        let good = Self.segment(&random, scrapes: 12, limits: limits)
        if random.once(in: 4), !segment.lines.isEmpty {
            let index = random.below(segment.lines.count)
            segment.lines[index] = random.mutatedBody(segment.lines[index])
        }
        let dictionary = SegmentLines(limits: limits)
        for payload in segment.lines { try? dictionary.add(payload) }
        var decoder = TargetDecoder(limits: limits)
        for record in segment.targets[1] ?? [] {
            var payload = record.payload
            if random.once(in: 3) { payload = random.mutatedBody(payload) }
            do throws(ScrapeCodecError) {
                let summary = try decoder.decode(kind: record.kind, time: 1, payload: payload, lines: dictionary)
                if let body = try? decoder.render() {
                    #expect(body.readableBytes == summary.bodyBytes, "seed \(seed)")
                }
            } catch {
                #expect(try decoder.render().readableBytes == 0, "seed \(seed)")
            }
        }
        let lines = try good.dictionary(limits: limits)
        for record in good.targets[1] ?? [] { try Self.check(&decoder, record, lines, "seed \(seed)") }
    }

    @Test func `without a keyframe, after a failure, and with a damaged dictionary nothing is decoded`() throws {
        var encoder = ScrapeEncoder()
        let first = encoder.encode(.make("a 1\nb 2\n"), target: 1)
        let second = encoder.encode(.make("a 2\nb 2\n"), target: 1)
        let lines = SegmentLines()
        try lines.add(first.lines)
        var decoder = TargetDecoder()
        func failure(_ scrape: EncodedScrape, _ lines: SegmentLines?) -> ScrapeCodecError.Code? {
            do throws(ScrapeCodecError) {
                _ = try decoder.decode(kind: scrape.kind, time: 1, payload: scrape.payload, lines: lines)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(failure(second, lines) == .outOfSequence)
        #expect(failure(first, lines) == nil)
        #expect(failure(EncodedScrape(lines: ByteBuffer(), kind: 6, payload: ByteBuffer()), lines) == .malformed)
        #expect(failure(second, lines) == .outOfSequence)
        #expect(failure(first, nil) == .outOfSequence)
        #expect(failure(first, lines) == nil)
        #expect(failure(second, SegmentLines()) == .outOfSequence)
        #expect(failure(first, lines) == nil)
        #expect(failure(second, lines) == nil)
        #expect(failure(EncodedScrape(lines: ByteBuffer(), kind: 1, payload: ByteBuffer()), lines) == .unsupported)
        #expect(throws: ScrapeCodecError.self) { try lines.add(ByteBuffer(bytes: [0xFF, 0xFF, 0x01])) }
        #expect(failure(first, lines) == .outOfSequence)
    }
}
