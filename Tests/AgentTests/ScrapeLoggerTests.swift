import NIOCore
import ScrapeCodec
import ScrapeLog
import TestSupport
import Testing

@testable import Agent

/// The codec and the log together: whatever the log does, what is in it decodes to what was scraped.
@Suite struct ScrapeLoggerTests {
    /// A scrape as a decoder gives it back.
    private struct Decoded: Hashable {
        var target: UInt32
        var time: Int64
        var outcome: ScrapeOutcome
        var body: ByteBuffer
    }

    private func scrape(_ time: Int64, _ body: ByteBuffer) -> ScrapeRecord {
        ScrapeRecord(
            scheduled: time, timestamp: time, duration: 1_000, outcome: .success, contentType: "text/plain", body: body)
    }

    /// Bodies of `count` lines with numbers that move; every seventh has a line more.
    private func body(_ number: Int, lines count: Int) -> ByteBuffer {
        var body = ByteBuffer(string: "# TYPE a counter\n")
        for line in 0..<count { body.writeString("a{line=\"\(line)\"} \(line * number)\n") }
        if number % 7 == 0 { body.writeString("seventh \(number)\n") }
        return body
    }

    /// Everything that the log holds, every segment decoded by a decoder that knows no other.
    private func decode(_ log: ScrapeLog) throws -> [Decoded] {
        log.flush()
        var scrapes: [Decoded] = []
        for range in log.ranges where range.count > 0 {
            var bytes = ByteBuffer()
            var rest = range
            while rest.count > 0 {
                rest.from += UInt64(try log.read(rest, maximum: 1 << 20, into: &bytes))
            }
            var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
            assembler.append(bytes)
            var decoder = ScrapeDecoder()
            while let record = try assembler.next() {
                let header = record.header
                switch header.kind {
                case .segmentHeader:
                    decoder = ScrapeDecoder()
                    decoder.beginSegment()
                case .line: try decoder.addLines(record.payload)
                case .keyframe, .delta:
                    var decoded: DecodedScrape?
                    try decoder.decode(
                        kind: header.kind.rawValue, target: header.target, time: header.time, position: record.offset,
                        distance: header.previous, payload: record.payload
                    ) { decoded = $0 }
                    let scrape = try #require(decoded)
                    scrapes.append(
                        Decoded(
                            target: header.target, time: scrape.summary.timestamp, outcome: scrape.summary.outcome,
                            body: try scrape.body.render()))
                case .targetAnnounced, .targetWithdrawn, .gap: break
                }
            }
        }
        return scrapes
    }

    @Test(arguments: [600, 2_000, 30_000, 1 << 20] as [UInt64])
    func `every segment decodes alone, whatever its size`(segmentBytes: UInt64) throws {
        let log = try ScrapeLog(
            .init(
                storage: .memory(maximumBytes: 64 << 20), segmentBytes: segmentBytes, scrapesPerSegmentPerTarget: 30),
            nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        var expected: [Decoded] = []
        for number in 0..<100 {
            for target in 1...3 as ClosedRange<UInt32> {
                let body = body(number, lines: Int(target) * 20)
                logger.append(scrape(Int64(number), body), target: target)
                expected.append(Decoded(target: target, time: Int64(number), outcome: .success, body: body))
            }
            if number % 20 == 10 { log.sealSegment() }
            if number == 50 { log.beginEpoch(nowMilliseconds: 50) }
        }
        #expect(try decode(log) == expected)
    }

    @Test func `differences are a small part of what the bodies are`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 64 << 20)), nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        var bytes = 0
        for number in 0..<50 {
            let body = body(number, lines: 1_000)
            bytes += body.readableBytes
            logger.append(scrape(Int64(number), body), target: 1)
        }
        log.flush()
        #expect(log.statistics.bytesHeld < UInt64(bytes / 10))
    }

    @Test func `a target that is announced again between two scrapes goes on`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        for number in 1...3 {
            log.append(.targetAnnounced, target: 1, time: 0, payload: ByteBuffer(string: "announcement"))
            logger.append(scrape(Int64(number), body(number, lines: 5)), target: 1)
        }
        #expect(try decode(log).map(\.body) == (1...3).map { body($0, lines: 5) })
    }

    @Test func `a body that does not fit by lines costs no new segment each time`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 64 << 10)), nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        for number in 0..<20 { logger.append(scrape(Int64(number), body(1, lines: 1_300)), target: 1) }
        log.flush()
        #expect(log.statistics.segments < 5)
    }

    @Test func `a body whose lines do not fit one record is stored whole, and what follows decodes`() throws {
        // Records of at most 16 KiB.
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 64 << 10)), nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        let small = body(1, lines: 5)
        // 30 KB of the same lines: no dictionary record could hold them, but a compressed body can.
        let large = body(1, lines: 1_300)
        for (number, body) in [small, large, small].enumerated() {
            logger.append(scrape(Int64(number), body), target: 1)
        }
        #expect(try decode(log).map(\.body) == [small, large, small])
    }

    @Test func `a body that does not fit at all is recorded as a failed attempt`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 64 << 10)), nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        var generator = SeededGenerator(seed: 7)
        let small = body(1, lines: 5)
        let noise = ByteBuffer(bytes: (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        for (number, body) in [small, noise, small].enumerated() {
            logger.append(scrape(Int64(number), body), target: 1)
        }
        let decoded = try decode(log)
        #expect(decoded.map(\.outcome.code) == [.success, .bodyTooLarge, .success])
        #expect(decoded.map(\.body) == [small, ByteBuffer(), small])
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `what a full disk does not take goes into the next epoch, in full`() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let log = try ScrapeLog(
            .init(
                storage: .directory(disk.path + "/log"), maximumBytes: 8 << 20, segmentBytes: 1 << 20,
                fallbackBytes: 4 << 20),
            nowMilliseconds: 0)
        var logger = ScrapeLogger(log: log)
        var expected: [ByteBuffer] = []
        var number = 0
        while log.state == .normal, number < 2_000 {
            for target in 1...5 as ClosedRange<UInt32> {
                let body = body(number * 1_000_003, lines: 40)
                logger.append(scrape(Int64(number), body), target: target)
                expected.append(body)
            }
            if number % 3 > 0 { logger.flush() }
            number += 1
        }
        #expect(log.state != .normal)
        logger.append(scrape(Int64(number), body(1, lines: 3)), target: 1)
        expected.append(body(1, lines: 3))
        #expect(try decode(log).map(\.body) == expected)
    }
}
