import NIOCore
import ScrapeLog
import Testing

@testable import Tunnel

/// Credit comes back in large portions, and all the same never too late.
@Suite struct CreditTests {
    @Test(arguments: [1, 999, 4096, 100_000, 262_144, 1_048_575])
    func `a sender never waits for credit that nobody will give, and few frames carry it`(step: UInt64) throws {
        let now = NIODeadline.now()
        var pair = SessionPair(hello: .make(held: []), now: now)
        _ = try pair.deliverToCollector(.max, now: now)
        #expect(pair.perform(pair.collector.welcome(.make(), now: now, clock: 0)).isEmpty)
        _ = try pair.deliverToAgent(.max, now: now, held: [])
        let total = step == 1 ? 3000 : UInt64(24 << 20)
        var end: UInt64 = 0
        var applied: UInt64 = 0
        var credits = 0
        while end < total {
            end += step
            let held = [LogRange(epoch: 1, from: 0, to: end)]
            while let next = pair.agent.nextAppend(held: held) {
                FrameEncoder.write(
                    .append(.init(range: next.range, prefix: next.prefix, compressed: ByteBuffer())),
                    into: &pair.toCollector)
            }
            for action in try pair.deliverToCollector(.max, now: now) {
                guard case .append(let append) = action else { continue }
                applied += append.range.count
                let rest = pair.perform(pair.collector.applied(append.range.count))
                #expect(rest.isEmpty)
            }
            if pair.toAgent.readableBytes > 0 { credits += 1 }
            _ = try pair.deliverToAgent(.max, now: now, held: held)
            // What is left over for lack of credit goes with the credit that has just come.
            while let next = pair.agent.nextAppend(held: held) {
                FrameEncoder.write(
                    .append(.init(range: next.range, prefix: next.prefix, compressed: ByteBuffer())),
                    into: &pair.toCollector)
            }
            for action in try pair.deliverToCollector(.max, now: now) {
                guard case .append(let append) = action else { continue }
                applied += append.range.count
                _ = pair.perform(pair.collector.applied(append.range.count))
            }
            try #require(applied == end)
        }
        #expect(credits <= Int(total) / Int(Protocol.initialCredit / 4) + 2)
    }

    @Test func `one live batch costs less than 96 bytes in both directions`() throws {
        // TLS 1.3: five bytes of record header, one of type, sixteen of tag; this much of log is sent in 30 years.
        let record = 22
        let range = LogRange(epoch: .max, from: 1 << 34, to: 1 << 34 + 1000)
        let bytes = ByteBuffer(bytes: (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 ^ $0 >> 3) })
        let compressed = try RangeCompressorBox().compress(bytes, prefix: ByteBuffer())
        var batch = ByteBuffer()
        let prefix = (range.from - 4096)..<range.from
        FrameEncoder.write(.append(.init(range: range, prefix: prefix, compressed: compressed)), into: &batch)
        let content = min(compressed.readableBytes - 6, 1000)
        // An Ack for every batch, which is what comes back when there is one batch a second or less.
        var ack = ByteBuffer()
        FrameEncoder.write(.ack([LogRange(epoch: .max, from: 0, to: range.to)]), into: &ack)
        #expect(batch.readableBytes - content + record + ack.readableBytes + record <= 96)
    }
}
