import Foundation
import NIOCore
import Testing

@testable import ScrapeLog

@Suite struct AgentLogTests {
    @Test func `the first append writes the segment header and the target table`() throws {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory)
        let targets: [(target: UInt32, payload: ByteBuffer)] = ["one", "two"].enumerated().map {
            (target: UInt32($0.offset + 1), payload: ByteBuffer(string: $0.element))
        }
        log.table = { targets }
        #expect(log.ranges == [LogRange(epoch: log.epoch, from: 0, to: 0)])
        log.scrape(5)
        #expect(log.end == 0)
        log.flush()
        let records = try log.records()
        #expect(records.map(\.header.kind) == [.segmentHeader, .targetAnnounced, .targetAnnounced, .keyframe])
        let header = try SegmentHeader(decoding: records[0].payload)
        #expect(header.epoch == log.epoch && header.announcements == 2 && header.epochSequence == 1)
        #expect(records[3].payload == payload(5))
        #expect(log.end == records[3].end)
    }

    @Test func `headers tell the way back to a target's previous record and keyframe`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        for number in 0..<12 {
            let kind: RecordKind = number < 3 ? .keyframe : .delta
            log.append(kind, target: UInt32(number % 3) + 1, time: Int64(number), payload: payload(number))
        }
        log.flush()
        let records = try log.records()
        let byOffset = Dictionary(uniqueKeysWithValues: records.map { ($0.offset, $0) })
        for record in records.dropFirst() {
            if record.header.time < 3 {
                #expect(record.header.previous == 0 && record.header.keyframe == 0)
                continue
            }
            let previous = byOffset[record.offset - UInt64(record.header.previous)]
            #expect(previous?.header.time == record.header.time - 3)
            let keyframe = byOffset[record.offset - UInt64(record.header.keyframe)]
            #expect(keyframe?.header.kind == .keyframe && keyframe?.header.target == record.header.target)
        }
    }

    @Test func `segments end by size and by scrapes of one target, and offsets go on`() throws {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory, segmentBytes: 1000, scrapes: 4)
        for number in 0..<8 { log.scrape(number) }
        for number in 8..<100 { log.scrape(number, target: UInt32(number % 3)) }
        log.flush()
        #expect(log.ranges == [LogRange(epoch: log.epoch, from: 0, to: log.end)])
        let records = try log.records()
        let starts = records.filter { $0.header.kind == .segmentHeader }.map(\.offset)
        #expect(starts.count == log.statistics.segments && starts.count > 5)
        #expect(records.filter { $0.offset < starts[1] }.count == 5)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 <= 1000 })
        #expect(try log.scrapes() == Array(0..<100))
        #expect(try directory.names(suffix: ".segment").count == starts.count)
    }

    @Test func `a log closed in good order goes on at the exact offset in the same epoch`() throws {
        let directory = try TemporaryDirectory()
        var log = try ScrapeLog.open(directory)
        for number in 0..<10 { log.scrape(number) }
        log.close()
        let (epoch, end) = (log.epoch, log.end)
        log = try ScrapeLog.open(directory)
        #expect(log.epoch == epoch && log.end == end)
        #expect(log.ranges == [LogRange(epoch: epoch, from: 0, to: end)])
        for number in 10..<20 { log.scrape(number) }
        log.flush()
        #expect(log.ranges.count == 1)
        #expect(try log.scrapes() == Array(0..<20))
        log.close()
        #expect(try ScrapeLog.open(directory).epoch == epoch)
    }

    @Test func `a process that was killed keeps what it flushed and begins a new epoch`() throws {
        let directory = try TemporaryDirectory()
        var log: ScrapeLog? = try ScrapeLog.open(directory)
        for number in 0..<10 { log?.scrape(number) }
        log?.flush()
        log?.scrape(10)
        let epoch = log?.epoch
        log = nil
        let next = try ScrapeLog.open(directory)
        #expect(next.epoch != epoch)
        #expect(next.ranges.map(\.epoch) == [epoch, next.epoch])
        #expect(next.statistics.repairedBytes == 0)
        next.scrape(11)
        next.flush()
        #expect(try next.scrapes() == Array(0..<10) + [11])
        let header = try SegmentHeader(
            decoding: try #require(try next.records().last(where: { $0.offset == 0 })).payload)
        #expect(header.epochSequence == 2)
    }

    @Test func `a second process is told who has the directory`() throws {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory)
        let error = #expect(throws: ScrapeLogError.self) { try ScrapeLog.open(directory) }
        #expect(error?.code == .locked)
        #expect(
            error?.description
                == "\(directory.path): process \(getpid()) uses this directory; each agent and collector needs its own")
        log.close()
        _ = try ScrapeLog.open(directory)
    }

    @Test func `only what is flushed and held can be read`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        log.scrape(0)
        var buffer = ByteBuffer()
        #expect(try log.read(LogRange(epoch: log.epoch, from: 0, to: 100), maximum: 10, into: &buffer) == 0)
        log.flush()
        #expect(try log.read(LogRange(epoch: log.epoch, from: 0, to: .max), maximum: 10, into: &buffer) == 10)
        #expect(try log.read(LogRange(epoch: log.epoch, from: log.end, to: .max), maximum: 10, into: &buffer) == 0)
        #expect(try log.read(LogRange(epoch: log.epoch, from: 5, to: 5), maximum: 10, into: &buffer) == 0)
        for range in [
            LogRange(epoch: log.epoch &+ 1, from: 0, to: 1), LogRange(epoch: log.epoch, from: log.end + 1, to: .max),
        ] {
            let error = #expect(throws: ScrapeLogError.self) { try log.read(range, maximum: 10, into: &buffer) }
            #expect(error?.code == .notHeld)
        }
        #expect(buffer.readableBytes == 10)
    }

    @Test func `a new epoch can be asked for`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        log.scrape(1)
        let old = log.epoch
        log.beginEpoch(nowMilliseconds: 5)
        #expect(log.epoch != old && log.end == 0)
        log.scrape(2)
        log.flush()
        #expect(log.ranges.map(\.epoch) == [old, log.epoch])
        #expect(try log.scrapes() == [1, 2])
    }

    @Test func `a payload beyond the limit is refused and counted`() throws {
        let log = try ScrapeLog.inMemory(64 << 10)
        #expect(!log.append(.keyframe, target: 1, time: 0, payload: ByteBuffer(repeating: 1, count: 20000)))
        #expect(log.statistics.droppedRecords == 1)
        #expect(log.append(.keyframe, target: 1, time: 0, payload: ByteBuffer(repeating: 1, count: log.maximumPayload)))
    }

    @Test func `a ring in memory stays within its bound and drops the oldest`() throws {
        let log = try ScrapeLog.inMemory(64 << 10)
        log.configureCollectors(["c"])
        for number in 0..<2000 {
            log.scrape(number, size: 100)
            if number % 7 == 0 { log.flush() }
            #expect(log.statistics.bytesHeld <= 64 << 10)
        }
        log.flush()
        let scrapes = try log.scrapes()
        #expect(scrapes == Array((2000 - scrapes.count)..<2000))
        #expect(scrapes.count > 300)
        let gaps = log.takeGaps(for: "c")
        #expect(gaps.map(\.range) == [LogRange(epoch: log.epoch, from: 0, to: log.ranges[0].from)])
        #expect(gaps.map(\.scrapes) == [UInt32(2000 - scrapes.count)])
        #expect(log.takeGaps(for: "c").isEmpty)
    }

    @Test func `files and directories are for the owner only`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a/b"
        let log = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        log.scrape(1)
        log.configureCollectors(["c"])
        log.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test(arguments: ["", "../x", "a/b", "A", ".a", "a\0b", "a b", String(repeating: "a", count: 64), "é"])
    func `a name that is no plain word never becomes a directory`(name: String) {
        let error = #expect(throws: ScrapeLogError.self) { try LogStorage.directory(named: name, below: "/tmp") }
        #expect(error?.code == .invalid)
    }

    @Test func `a good name becomes a directory below the root`() throws {
        #expect(try LogStorage.directory(named: "vpc-a.1_x", below: "/var/lib/c") == .directory("/var/lib/c/vpc-a.1_x"))
    }

    @Test func `a directory that cannot be made is named`() throws {
        let error = #expect(throws: ScrapeLogError.self) {
            try ScrapeLog(.init(storage: .directory("/proc/nowhere/log")), nowMilliseconds: 0)
        }
        #expect(error?.culprit == "/proc/nowhere")
        let file = try TemporaryDirectory()
        try file.write([1], to: "x")
        #expect(throws: ScrapeLogError.self) {
            try ScrapeLog(.init(storage: .directory(file.path + "/x")), nowMilliseconds: 0)
        }
    }

    @Test func `an encoder learns in which segment its record will be`() throws {
        let log = try ScrapeLog.inMemory(1 << 20)
        #expect(log.makeRoom(target: 1, payloadBytes: 40, time: 0) == 0)
        log.scrape(0)
        log.flush()
        let end = log.end
        #expect(log.makeRoom(target: 1, payloadBytes: 200_000, time: 0) == end)
        #expect(!log.append(.delta, target: 1, time: 1, payload: payload(1)), "its keyframe is in another segment")
    }
}
