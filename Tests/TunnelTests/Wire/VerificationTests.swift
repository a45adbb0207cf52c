import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// Checksums: how they are computed at the agent, a step at a time, and what comes of comparing them.
@Suite struct VerificationTests {
    private func work(_ ranges: [LogRange], _ log: MemoryLog, between: () -> Void = {}) -> (Frame.Checksums, Int) {
        var work = ChecksumWork(Frame.ChecksumRequest(id: 7, ranges: ranges))
        var steps = 1
        while true {
            if let answer = work.step(log) { return (answer, steps) }
            steps += 1
            between()
        }
    }

    private func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(ByteBuffer(bytes: bytes))
        return checksum.value
    }

    @Test func `the checksum is CRC32C, however the bytes are cut`() {
        #expect(checksum("123456789".utf8) == 0xE306_9283)
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
            var checksum = CRC32C()
            checksum.update(ByteBuffer(bytes: bytes[..<cut]))
            checksum.update(ByteBuffer(bytes: bytes[cut...]))
            #expect(checksum.value == self.checksum(bytes))
        }
    }

    @Test func `each range is answered by itself, as far as it is held`() {
        let log = MemoryLog()
        log.grow((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { state in
            state.epochs[0].bytes.removeFirst(1000)
            state.epochs[0].start = 1000
        }
        let (answer, _) = work(
            [
                LogRange(epoch: 1, from: 0, to: 2000), LogRange(epoch: 1, from: 2000, to: 3000),
                LogRange(epoch: 1, from: 4000, to: 9000), LogRange(epoch: 9, from: 0, to: 10),
                LogRange(epoch: 1, from: 3000, to: 3000),
            ], log)
        let bytes = log.bytes(of: 1)
        #expect(answer.id == 7 && answer.outcome == ChecksumOutcome.done.rawValue)
        #expect(
            answer.parts == [
                RangeChecksum(range: LogRange(epoch: 1, from: 1000, to: 2000), checksum: checksum(bytes[..<1000])),
                RangeChecksum(range: LogRange(epoch: 1, from: 2000, to: 3000), checksum: checksum(bytes[1000..<2000])),
                RangeChecksum(range: LogRange(epoch: 1, from: 4000, to: 5000), checksum: checksum(bytes[3000...])),
            ])
        #expect(answer.held == [LogRange(epoch: 1, from: 1000, to: 5000)])
    }

    @Test func `no step reads more than 256 KiB`() {
        let log = MemoryLog()
        log.grow([UInt8](repeating: 3, count: 2_000_000))
        let (answer, steps) = work([LogRange(epoch: 1, from: 0, to: 2_000_000)], log)
        #expect(answer.parts.count == 1 && steps >= 2_000_000 / ChecksumWork.step)
    }

    @Test func `what is dropped meanwhile is left out, and the rest is right`() {
        let log = MemoryLog()
        log.grow((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) })
        let whole = log.bytes(of: 1)
        var steps = 0
        let (answer, _) = work([LogRange(epoch: 1, from: 0, to: 2_000_000)], log) {
            steps += 1
            if steps == 3 { log.drop(to: 1_500_000) }
        }
        #expect(answer.parts.count == 2)
        for part in answer.parts {
            #expect(part.checksum == checksum(whole[Int(part.range.from)..<Int(part.range.to)]))
        }
        #expect(answer.parts.last?.range == LogRange(epoch: 1, from: 1_500_000, to: 2_000_000))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a comparison puts every byte into the one place where it belongs`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func set() -> LogRangeSet {
            LogRangeSet(
                (0..<6).map { _ in
                    let from = UInt64.random(in: 0..<90, using: &random)
                    return LogRange(epoch: 1, from: from, to: from + UInt64.random(in: 1...20, using: &random))
                })
        }
        let here = set()
        let there = set()
        var theirs = AgentChecksums()
        theirs.held = there.ranges
        var own: [RangeChecksum] = []
        var damaged = LogRangeSet()
        for range in here.ranges {
            var common = LogRangeSet([range])
            for hole in there.missing(from: range) { common.remove(hole) }
            for part in common.ranges {
                let isDamaged = Int.random(in: 0..<3, using: &random) == 0
                if isDamaged { damaged.insert(part) }
                theirs.parts.append(RangeChecksum(range: part, checksum: isDamaged ? 1 : 2))
                own.append(RangeChecksum(range: part, checksum: 2))
            }
        }
        let comparison = LogComparison(own: own, held: here.ranges, settled: [], theirs: theirs)
        func holds(_ ranges: [LogRange], _ offset: UInt64) -> Bool {
            LogRangeSet(ranges).contains(LogRange(epoch: 1, from: offset, to: offset + 1))
        }
        for offset in 0..<110 as Range<UInt64> {
            let (isHere, isThere) = (holds(here.ranges, offset), holds(there.ranges, offset))
            #expect(holds(comparison.missingThere, offset) == (isHere && !isThere), "seed \(seed)")
            #expect(holds(comparison.missingHere, offset) == (!isHere && isThere), "seed \(seed)")
            let isDamaged = holds(damaged.ranges, offset)
            #expect(holds(comparison.different, offset) == isDamaged, "seed \(seed)")
            #expect(holds(comparison.identical, offset) == (isHere && isThere && !isDamaged), "seed \(seed)")
        }
        #expect(comparison.unchecked.isEmpty, "seed \(seed)")
    }
}
