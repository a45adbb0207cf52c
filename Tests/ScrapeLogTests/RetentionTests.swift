import NIOCore
import ScrapeLog
import Testing

@Suite struct RetentionTests {
    /// A log of several small segments.
    private func log(_ directory: TemporaryDirectory, maximumBytes: UInt64 = 1 << 20) throws -> ScrapeLog {
        try ScrapeLog.open(directory, maximumBytes: maximumBytes, segmentBytes: 600)
    }

    @Test func `a segment goes when every configured collector has it`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory)
        log.configureCollectors(["a:1", "b:1"])
        for number in 0..<40 { log.scrape(number) }
        log.flush()
        let all = log.ranges
        let segments = log.statistics.segments
        log.acknowledged(by: "a:1", all)
        log.acknowledged(by: "stranger", all)
        #expect(log.statistics.segments == segments)
        log.acknowledged(by: "b:1", [LogRange(epoch: log.epoch, from: 0, to: all[0].to / 2)])
        #expect(log.statistics.segments < segments && log.statistics.segments > 1)
        log.acknowledged(by: "b:1", all)
        #expect(log.statistics.segments == 1, "the one that is being written stays")
        #expect(try directory.names(suffix: ".segment").count == 1)
        #expect(log.takeGaps(for: "a:1").isEmpty && log.takeGaps(for: "b:1").isEmpty)
        #expect(log.statistics.droppedSegments == 0)
    }

    @Test func `what is over budget goes oldest first, and each collector is told what it missed`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory, maximumBytes: 8000)
        log.configureCollectors(["a", "b"])
        for number in 0..<20 { log.scrape(number) }
        log.flush()
        // a has everything so far, b nothing, and then both are gone for long.
        log.acknowledged(by: "a", log.ranges)
        let acknowledged = log.end
        for number in 20..<500 {
            log.scrape(number)
            #expect(log.statistics.bytesHeld <= 8000)
        }
        log.flush()
        let held = try log.scrapes()
        #expect(held == Array((500 - held.count)..<500) && held.count > 60)
        let first = log.ranges[0].from
        let a = log.takeGaps(for: "a")
        #expect(a.map(\.range) == [LogRange(epoch: log.epoch, from: acknowledged, to: first)])
        #expect(a.map(\.scrapes) == [UInt32(500 - 20 - held.count)])
        #expect(a.map(\.reason) == ["log over its maximum size"])
        let b = log.takeGaps(for: "b")
        #expect(b.map(\.range) == [LogRange(epoch: log.epoch, from: 0, to: first)])
        #expect(b.map(\.scrapes) == [UInt32(500 - held.count)])
        log.returnGaps(b, for: "b")
        #expect(log.takeGaps(for: "b") == b)
    }

    @Test func `cursors and gaps survive a restart`() throws {
        let directory = try TemporaryDirectory()
        var log = try log(directory, maximumBytes: 8000)
        log.configureCollectors(["a b:1%", "c"])
        for number in 0..<300 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "c", log.ranges)
        log.close()
        log = try self.log(directory, maximumBytes: 8000)
        log.configureCollectors(["a b:1%", "c"])
        let gaps = log.takeGaps(for: "a b:1%")
        #expect(gaps.count == 1 && gaps[0].range.to == log.ranges[0].from)
        #expect(Int(gaps[0].scrapes) == 300 - (try log.scrapes().count))
        log.acknowledged(by: "a b:1%", log.ranges)
        #expect(log.statistics.segments == 0, "c had it before the restart")
        // With everything acknowledged and deleted the position still goes on.
        let (epoch, end) = (log.epoch, log.end)
        log.close()
        log = try self.log(directory)
        #expect(log.epoch == epoch && log.end == end && end > 0)
        log.scrape(300)
        log.flush()
        #expect(log.ranges.first?.from == end)
        #expect(try log.scrapes() == [300])
    }

    @Test func `a collector that leaves the configuration holds nothing back`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory)
        log.configureCollectors(["a", "gone"])
        for number in 0..<40 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "a", log.ranges)
        log.configureCollectors(["a"])
        #expect(log.statistics.segments == 1)
    }

    @Test func `without a collector nothing is thrown away before its time`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory)
        log.configureCollectors([])
        for number in 0..<40 { log.scrape(number) }
        log.flush()
        #expect(try log.scrapes() == Array(0..<40))
    }

    @Test func `acknowledgements of what never was are ignored`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory)
        log.configureCollectors(["a"])
        for number in 0..<40 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "a", [LogRange(epoch: 1, from: 0, to: .max), LogRange(epoch: log.epoch, from: 9, to: 2)])
        log.acknowledged(by: "a", (0..<10000).map { LogRange(epoch: UInt64($0), from: 0, to: 10) })
        #expect(try log.scrapes() == Array(0..<40))
        log.acknowledged(by: "a", [LogRange(epoch: log.epoch, from: 0, to: .max)])
        for number in 40..<60 { log.scrape(number) }
        log.flush()
        #expect(try log.scrapes().suffix(20) == Array(40..<60), "not acknowledged in advance")
    }

    @Test func `a Welcome that shows less than was acknowledged keeps what is left`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory)
        log.configureCollectors(["a", "b"])
        for number in 0..<40 { log.scrape(number) }
        log.flush()
        log.acknowledged(by: "a", log.ranges)
        log.retainAcknowledged(by: "a", holding: [])
        log.acknowledged(by: "b", log.ranges)
        #expect(try log.scrapes() == Array(0..<40))
    }
}
