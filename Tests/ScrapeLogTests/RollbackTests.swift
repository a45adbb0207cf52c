import NIOCore
import Testing

@testable import ScrapeLog

/// An agent's machine, or its directory, is brought back to what it was some time ago.
@Suite struct RollbackTests {
    /// A directory as it was when the log was closed at A, the collector's copy up to B, and what the collector holds.
    private struct Past {
        var disk: MemoryDisk
        var replica: ReplicaLog
        var epoch: UInt64
        var end: UInt64
    }

    private func past(isCopied: Bool, isRebooted: Bool) throws -> Past {
        let disk = MemoryDisk()
        var log = try LogFiles.open(disk)
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20))
        func arrive() throws {
            log.flush()
            let held = LogRangeSet(replica.ranges)
            for range in log.ranges.flatMap({ held.missing(from: $0) }) {
                _ = try replica.write(epoch: range.epoch, from: range.from, bytes: try log.bytes(range))
            }
            log.acknowledged(by: "c", replica.durableRanges)
        }
        for number in 0..<20 { log.scrape(number) }
        try arrive()
        log.close()
        let closed = disk.afterKill()
        let (epoch, end) = (log.epoch, log.end)
        let snapshot = disk.broughtBack(isCopied: isCopied, isRebooted: isRebooted)
        log = try LogFiles.open(closed)
        #expect(log.epoch == epoch, "the same start of the machine, the same files: it goes on")
        for number in 20..<60 { log.scrape(number) }
        try arrive()
        #expect(replica.ranges.map(\.epoch) == [epoch] && replica.ranges[0].to > end)
        return Past(disk: snapshot, replica: replica, epoch: epoch, end: end)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func `a directory from a copy or a snapshot begins a new epoch at once`(isCopied: Bool, isRebooted: Bool) throws {
        let past = try past(isCopied: isCopied, isRebooted: isRebooted)
        let log = try LogFiles.open(past.disk)
        #expect(log.epoch != past.epoch)
        try deliver(log, past.replica)
    }

    @Test func `where nothing shows that time was turned back, Welcome does, and a new epoch loses nothing`() throws {
        let past = try past(isCopied: false, isRebooted: false)
        let log = try LogFiles.open(past.disk)
        #expect(log.epoch == past.epoch && log.end == past.end)
        // What the session does with a Welcome that shows the collector past our end.
        let welcome = past.replica.ranges
        #expect(welcome[0].to > log.end)
        log.retainAcknowledged(by: "c", holding: welcome)
        #expect(log.acknowledged(by: "c").allSatisfy { $0.epoch == log.epoch && $0.to <= log.end })
        log.beginEpoch(nowMilliseconds: 7)
        #expect(log.epoch != past.epoch)
        try deliver(log, past.replica)
    }

    /// New scrapes arrive once, after all that arrived before, and nothing is there twice.
    private func deliver(_ log: ScrapeLog, _ replica: ReplicaLog) throws {
        let before = try replica.scrapes()
        #expect(before == Array(0..<60))
        for number in 100..<150 { log.scrape(number) }
        log.flush()
        let held = LogRangeSet(replica.ranges)
        for range in log.ranges.flatMap({ held.missing(from: $0) }) {
            _ = try replica.write(epoch: range.epoch, from: range.from, bytes: try log.bytes(range))
        }
        #expect(try replica.scrapes() == before + Array(100..<150))
        for range in log.ranges where range.count > 0 {
            #expect(try replica.bytes(range) == log.bytes(range))
        }
        #expect(log.takeGaps(for: "c").isEmpty)
        log.acknowledged(by: "c", replica.durableRanges)
        log.sealSegment()
        #expect(log.statistics.segments == 0 && log.unacknowledged(by: "c").isEmpty)
    }

    @Test func `cursors from the past only keep what is needed longer`() throws {
        let disk = MemoryDisk()
        let log = try LogFiles.open(disk)
        for number in 0..<20 { log.scrape(number) }
        log.sealSegment()
        _ = log.syncTask()
        let old = try #require(disk.bytes("\(LogFiles.path)/cursors"))
        for number in 20..<40 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "c", log.ranges)
        log.close()
        let back = disk.afterKill()
        back.put(old, at: "\(LogFiles.path)/cursors")
        let next = try LogFiles.open(back)
        #expect(next.epoch == log.epoch)
        // The first segment is gone, and the old cursors do not know why; the collector does.
        let told = next.takeGaps(for: "c")
        #expect(told.allSatisfy { $0.range.to <= next.ranges[0].from })
        #expect(try next.scrapes() == Array(20..<40))
        next.acknowledged(by: "c", [LogRange(epoch: next.epoch, from: 0, to: next.end)])
        #expect(next.statistics.segments == 0)
    }

    @Test func `a collector that lost its disk since is not believed to hold what it once acknowledged`() throws {
        let disk = MemoryDisk()
        let log = try LogFiles.open(disk)
        log.configureCollectors(["a", "b"])
        for number in 0..<20 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "a", log.ranges)
        log.close()
        let next = try disk.afterKill().run {
            try ScrapeLog(.init(storage: .directory(LogFiles.path)), nowMilliseconds: 0)
        }
        next.configureCollectors(["a", "b"])
        next.retainAcknowledged(by: "a", holding: [LogRange(epoch: next.epoch, from: 0, to: 100)])
        next.acknowledged(by: "b", next.ranges)
        next.sealSegment()
        #expect(try next.scrapes() == Array(0..<20))
        #expect(next.acknowledged(by: "a") == [LogRange(epoch: next.epoch, from: 0, to: 100)])
        #expect(next.unacknowledged(by: "a") == [LogRange(epoch: next.epoch, from: 100, to: next.end)])
    }
}
