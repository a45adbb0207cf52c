import Glibc
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Scraping goes on, whatever the disk does, and everything arrives.
@Suite struct DiskFailureTests {
    struct Failure: CustomTestStringConvertible {
        var name: String
        var begin: @Sendable (MemoryDisk) -> Void
        var testDescription: String { name }
    }

    static let failures: [Failure] = [
        Failure(name: "full") { $0.capacity = $0.used },
        Failure(name: "full in the middle of a write") { $0.capacity = $0.used + 333 },
        Failure(name: "no more files") { $0.fail([.create, .createDirectory], with: ENOSPC) },
        Failure(name: "over quota") { $0.fail([.write, .create], with: EDQUOT) },
        Failure(name: "writes fail") { $0.fail([.write], with: EIO) },
        Failure(name: "writes and cuts fail") { $0.fail([.write, .truncate], with: EIO) },
        Failure(name: "synchronizing fails") { $0.fail([.synchronize], with: EIO) },
        Failure(name: "creating fails") { $0.fail([.create], with: EIO) },
        Failure(name: "read-only") {
            $0.fail([.write, .create, .createDirectory, .truncate, .rename, .remove], with: EROFS)
        },
        Failure(name: "dead but for what is cached") {
            $0.fail([.write, .create, .open, .truncate, .synchronize, .rename, .remove], with: EIO)
        },
    ]

    /// An agent that appends again what the disk did not take, as `ScrapeLogger` does.
    private final class Maker {
        let log: ScrapeLog
        var states: [ScrapeLogState] = []
        private var waiting: [Int] = []
        private var lost: [Int] = []

        init(_ disk: MemoryDisk, maximumBytes: UInt64 = 1 << 20) throws {
            log = try disk.run {
                try ScrapeLog(
                    .init(
                        storage: .directory("/log"), maximumBytes: maximumBytes, segmentBytes: 4000,
                        fallbackBytes: 64 << 10), nowMilliseconds: 0)
            }
            log.configureCollectors(["c"])
            log.onStateChange = { [unowned self] in states.append($0) }
            log.onScrapesLost = { [unowned self] count in
                lost += waiting.suffix(count)
                waiting = []
            }
        }

        func scrape(_ number: Int) {
            _ = log.makeRoom(target: 1, payloadBytes: 100, time: Int64(number))
            again()
            waiting.append(number)
            log.scrape(number, size: 100)
        }

        private func again() {
            let numbers = lost
            lost = []
            for number in numbers { scrape(number) }
        }

        func flush() {
            log.flush()
            again()
            log.flush()
            waiting = []
        }

        func sync() {
            guard let task = log.syncTask() else { return }
            do throws(ScrapeLogError) { try task.run() } catch { log.syncFailed(error) }
            flush()
        }
    }

    @Test(arguments: failures)
    func `a disk that fails for a while costs two changes of state, three epochs and nothing else`(
        failure: Failure
    ) throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        func scrape(_ numbers: Range<Int>) {
            for number in numbers {
                maker.scrape(number)
                if number % 3 == 0 { maker.flush() }
                if number % 10 == 0 { maker.sync() }
            }
            maker.flush()
        }
        scrape(0..<100)
        failure.begin(disk)
        scrape(100..<300)
        #expect(maker.states.count == 1 && maker.log.state != .normal)
        #expect(!maker.log.recover(nowMilliseconds: 1))
        scrape(300..<320)
        #expect(maker.states.count == 1)
        disk.work()
        disk.capacity = nil
        let probe = try #require(maker.log.diskProbe(nowMilliseconds: 2))
        #expect(probe() && maker.log.recover(nowMilliseconds: 2, isProven: true))
        scrape(320..<400)
        #expect(maker.states.count == 2 && maker.states.last == .normal)
        #expect(try maker.log.scrapes() == Array(0..<400))
        #expect(Set(maker.log.ranges.map(\.epoch)).count == 3)
        let statistics = maker.log.statistics
        #expect(statistics.storageFailures == 1 && statistics.storageRecoveries == 1)
        #expect(statistics.droppedScrapes == 0 && statistics.lostScrapes == 0 && statistics.droppedRecords == 0)
        #expect(maker.log.takeGaps(for: "c").isEmpty)
        // What was in memory is on the disk now: a kill does not cost it.
        #expect(statistics.bytesInMemory == 0)
        let next = try LogFiles.open(disk.afterKill())
        #expect(try next.scrapes() == Array(0..<400))
    }

    @Test func `records that a full disk took before it was full are not in the log a second time`() throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20))
        func send(_ log: ScrapeLog) throws {
            let held = LogRangeSet(replica.ranges)
            for range in log.ranges.flatMap({ held.missing(from: $0) }) {
                _ = try replica.write(epoch: range.epoch, from: range.from, bytes: try log.bytes(range))
            }
        }
        maker.scrape(0)
        maker.flush()
        disk.capacity = disk.used + 333
        // What it took of the rest cannot be cut off again either.
        disk.fail([.truncate], with: EIO)
        for number in 1..<10 { maker.scrape(number) }
        maker.flush()
        #expect(try maker.log.scrapes() == Array(0..<10))
        try send(maker.log)
        let next = try LogFiles.open(disk.afterKill())
        #expect(try next.scrapes() == [0, 1, 2])
        try send(next)
        #expect(try replica.scrapes().sorted() == Array(0..<10))
    }

    @Test func `a log that is closed while the disk is well takes what was in memory to it`() throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        disk.fail([.write], with: EIO)
        for number in 0..<50 { maker.scrape(number) }
        maker.flush()
        #expect(maker.log.statistics.bytesInMemory > 0)
        disk.work()
        maker.log.close()
        #expect(try LogFiles.open(disk.afterKill()).scrapes() == Array(0..<50))
    }

    @Test func `a log that is closed while the disk fails counts what that costs`() throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        for number in 0..<50 { maker.scrape(number) }
        maker.flush()
        disk.fail([.write, .create], with: EIO)
        for number in 50..<80 { maker.scrape(number) }
        maker.flush()
        maker.log.close()
        #expect(maker.log.statistics.lostScrapes == 30)
        #expect(try LogFiles.open(disk.afterKill()).scrapes() == Array(0..<50))
    }

    @Test func `memory stays within its bound however long the disk is gone, and what went is announced once`() throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        for number in 0..<100 { maker.scrape(number) }
        maker.flush()
        disk.fail([.write, .create], with: EIO)
        for number in 100..<5000 {
            maker.scrape(number)
            if number % 5 == 0 { maker.flush() }
            #expect(maker.log.statistics.bytesInMemory <= 64 << 10)
        }
        maker.flush()
        let held = try maker.log.scrapes()
        #expect(held.prefix(100).elementsEqual(0..<100) && held.last == 4999 && held.count > 300)
        let gaps = maker.log.takeGaps(for: "c")
        #expect(gaps.count == 1 && Int(gaps[0].scrapes) == 5000 - held.count)
        #expect(Int(maker.log.statistics.droppedScrapes) == 5000 - held.count)
    }

    @Test func `a disk that keeps failing is tried less and less often`() throws {
        let disk = MemoryDisk()
        let maker = try Maker(disk)
        var now: Int64 = 0
        var tries: [Int64] = []
        for number in 0..<2000 {
            maker.scrape(number)
            // Room for the probe, not for the log.
            disk.fail([.create], with: ENOSPC)
            maker.log.sealSegment()
            maker.scrape(number + 10_000)
            maker.flush()
            disk.work()
            now += 10_000
            if maker.log.recover(nowMilliseconds: now) { tries.append(now) }
        }
        #expect(tries.count < 60, "\(tries.count) times in \(now / 1000) s")
        #expect(zip(tries, tries.dropFirst()).allSatisfy { $1 - $0 <= 610_000 }, "and never given up")
    }

    @Test func `scrapes nobody appends again are counted`() throws {
        let disk = MemoryDisk()
        let log = try LogFiles.open(disk)
        for number in 0..<5 { log.scrape(number) }
        log.flush()
        disk.fail([.write], with: EIO)
        for number in 5..<12 { log.scrape(number) }
        log.flush()
        #expect(log.statistics.lostScrapes == 7)
        #expect(try log.scrapes() == Array(0..<5))
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `a small disk that fills up and is freed again and again loses nothing`() throws {
        let disk = try SmallDisk(kibibytes: 512)
        let path = disk.path + "/log"
        let log = try ScrapeLog(
            .init(storage: .directory(path), maximumBytes: 1 << 20, segmentBytes: 32 << 10, fallbackBytes: 1 << 20),
            nowMilliseconds: 0)
        log.configureCollectors(["c"])
        var states: [ScrapeLogState] = []
        log.onStateChange = { states.append($0) }
        var again = 0
        log.onScrapesLost = { again += $0 }
        let directory = try LogDirectory(creating: disk.path)
        var arrived: [Int] = []
        for round in 0..<3 {
            let filler = try directory.create("filler-\(round)")
            _ = filler.writeAsMuchAsPossible(ByteBuffer(repeating: 1, count: 1 << 20), at: 0)
            for number in round * 100..<round * 100 + 100 {
                log.scrape(number, size: 1000)
                log.flush()
                while again > 0 {
                    again = 0
                    log.scrape(number, size: 1000)
                    log.flush()
                }
            }
            #expect(states.count == 2 * round + 1)
            try directory.remove("filler-\(round)")
            try filler.truncate(to: 0)
            #expect(log.recover(nowMilliseconds: Int64(round) * 1_000_000))
            #expect(states.count == 2 * round + 2 && log.statistics.bytesInMemory == 0)
            arrived = try log.scrapes()
            #expect(arrived == Array(0..<round * 100 + 100))
        }
        #expect(log.statistics.storageFailures == 3 && log.takeGaps(for: "c").isEmpty)
        log.close()
        let next = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        #expect(try next.scrapes() == arrived)
    }
}
