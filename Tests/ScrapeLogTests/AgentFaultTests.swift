import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

@Suite struct AgentFaultTests {
    /// A directory with one small segment that was left without closing, and its records.
    private func damagedDirectory() throws -> (TemporaryDirectory, name: String, records: [LogRecord]) {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory)
        log.configureCollectors(["c"])
        for number in 0..<4 { log.scrape(number) }
        log.flush()
        _ = log.syncTask()
        return (directory, try #require(try directory.names(suffix: ".segment").first), try log.records())
    }

    @Test func `a torn tail is cut at the last good record wherever it was torn`() throws {
        let (directory, name, records) = try damagedDirectory()
        let bytes = try directory.bytes(name)
        for length in 0..<bytes.count {
            try directory.write(Array(bytes[..<length]), to: name)
            let log = try ScrapeLog.open(directory)
            let kept = records.filter { $0.end <= UInt64(length) }
            #expect(try log.records() == kept)
            let cut = length - Int(kept.last?.end ?? 0)
            #expect(log.statistics.repairedBytes == UInt64(cut))
            #expect(log.ranges.last?.epoch == log.epoch && log.epoch != records[0].epoch)
            // It works: appended, flushed, readable.
            log.scrape(99)
            log.flush()
            #expect(try log.scrapes().last == 99)
            for extra in try directory.names(suffix: ".segment") where extra != name {
                try FileManager.default.removeItem(atPath: "\(directory.path)/\(extra)")
            }
        }
    }

    @Test func `a flipped bit costs what follows it in its segment, is counted and announced`() throws {
        let (directory, name, records) = try damagedDirectory()
        let bytes = try directory.bytes(name)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            try directory.write(damaged, to: name)
            let log = try ScrapeLog.open(directory)
            log.configureCollectors(["c"])
            let kept = records.filter { $0.end <= UInt64(index) }
            if log.statistics.setAsideSegments == 0 {
                #expect(try log.records() == kept, "byte \(index)")
                #expect(log.statistics.repairedBytes == UInt64(bytes.count) - (kept.last?.end ?? 0))
            } else {
                #expect(kept.isEmpty)
            }
            #expect(log.takeGaps(for: "c").map(\.range.to) == [UInt64(bytes.count)])
            for extra in try directory.names(suffix: "") where extra.contains("segment") && extra != name {
                try FileManager.default.removeItem(atPath: "\(directory.path)/\(extra)")
            }
            try? FileManager.default.removeItem(atPath: "\(directory.path)/cursors")
        }
    }

    @Test func `damage in the middle leaves later segments readable`() throws {
        let directory = try TemporaryDirectory()
        var log = try ScrapeLog.open(directory, segmentBytes: 600)
        for number in 0..<30 { log.scrape(number) }
        log.close()
        let names = try directory.names(suffix: ".segment")
        #expect(names.count > 3)
        var bytes = try directory.bytes(names[1])
        bytes[110] ^= 1
        try directory.write(bytes, to: names[1])
        let epoch = log.epoch
        log = try ScrapeLog.open(directory)
        #expect(log.epoch != epoch)
        let scrapes = try log.scrapes()
        #expect(scrapes.count < 30 && scrapes.count > 20 && scrapes.contains(0) && scrapes.contains(29))
        #expect(log.ranges.filter { $0.epoch == epoch }.count == 2)
        log.configureCollectors(["late"])
        let gap = try #require(log.takeGaps(for: "late").first)
        #expect(
            gap.reason == "damaged segment" && gap.range.from == log.ranges[0].to && gap.range.to == log.ranges[1].from)
    }

    @Test func `a segment of a newer version is set aside, not deleted`() throws {
        let (directory, name, _) = try damagedDirectory()
        var payload = ByteBuffer()
        SegmentHeader(
            version: SegmentHeader.currentVersion + 1, epoch: 1, epochSequence: 1, created: 0, announcements: 0
        ).encode(into: &payload)
        var record = ByteBuffer()
        RecordHeader(length: 0, kind: .segmentHeader, target: 0, time: 0).write(payload: payload, into: &record)
        try directory.write(Array(record.readableBytesView), to: name)
        let log = try ScrapeLog.open(directory)
        #expect(log.statistics.setAsideSegments == 1)
        #expect(try directory.names(suffix: ".unknown") == [name + ".unknown"])
        #expect(try directory.bytes(name + ".unknown") == Array(record.readableBytesView))
    }

    @Test func `the segment of another log under a wrong name is refused`() throws {
        let (directory, name, _) = try damagedDirectory()
        let (other, otherName, _) = try damagedDirectory()
        try directory.write(try other.bytes(otherName), to: name)
        let log = try ScrapeLog.open(directory)
        #expect(try log.records().isEmpty)
        #expect(log.statistics.setAsideSegments == 1)
    }

    @Test func `a symbolic link or a pipe among the segments is never followed`() throws {
        let (directory, name, _) = try damagedDirectory()
        let victim = try TemporaryDirectory()
        try victim.write([1, 2, 3], to: "victim")
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory.path)/\(name)", withDestinationPath: "\(victim.path)/victim")
        let pipe = SegmentName(epochSequence: 9, epoch: 9, start: 0).text
        #expect(mkfifo("\(directory.path)/\(pipe)", 0o600) == 0)
        let log = try ScrapeLog.open(directory)
        #expect(log.statistics.setAsideSegments == 2)
        #expect(try victim.bytes("victim") == [1, 2, 3])
    }

    @Test func `damaged state files cost a new epoch and a second delivery, never a start`() throws {
        let closed = MemoryDisk()
        let log = try LogFiles.open(closed)
        log.scrape(1)
        log.flush()
        log.acknowledged(by: "c", [LogRange(epoch: log.epoch, from: 0, to: 50)])
        log.close()
        for name in ["clean", "cursors"] {
            let bytes = try #require(closed.bytes("\(LogFiles.path)/\(name)"))
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 1
                let disk = closed.afterKill()
                disk.put(damaged, at: "\(LogFiles.path)/\(name)")
                let next = try LogFiles.open(disk)
                #expect(try next.scrapes() == [1])
                #expect((next.epoch == log.epoch) == (name == "cursors"))
                #expect(next.acknowledged(by: "c").isEmpty == (name == "cursors"))
            }
        }
    }

    @Test func `a disk that fails while running makes the log go on in memory, and come back`() throws {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory)
        var states: [ScrapeLogState] = []
        log.onStateChange = { states.append($0) }
        log.scrape(1)
        log.flush()
        let epoch = log.epoch
        log.syncFailed(ScrapeLogError(code: .io, message: "cannot synchronize: Input/output error", culprit: "disk"))
        log.syncFailed(ScrapeLogError(code: .io, message: "again", culprit: "disk"))
        log.scrape(2)
        log.flush()
        #expect(states == [.memory(reason: "disk: cannot synchronize: Input/output error")])
        #expect(log.epoch != epoch)
        #expect(try log.scrapes() == [1, 2])
        #expect(log.recover(nowMilliseconds: 7))
        log.scrape(3)
        log.flush()
        #expect(states.count == 2 && log.state == .normal)
        #expect(try log.scrapes() == [1, 2, 3])
        #expect(Set(log.ranges.map(\.epoch)).count == 3)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `a full disk loses nothing, is reported once, and is used again when there is room`() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let log = try ScrapeLog(
            .init(
                storage: .directory(disk.path + "/log"), maximumBytes: 1 << 20, segmentBytes: 64 << 10,
                fallbackBytes: 1 << 20),
            nowMilliseconds: 0)
        var states: [ScrapeLogState] = []
        log.onStateChange = { states.append($0) }
        var lost = 0
        log.onScrapesLost = { lost += $0 }
        for number in 0..<500 {
            log.scrape(number, size: 1000)
            log.flush()
            // Its maker appends again what the disk did not take.
            #expect(lost <= 1)
            if lost > 0 { log.scrape(number, size: 1000) }
            lost = 0
            log.flush()
            if number % 50 == 0 { #expect(log.recover(nowMilliseconds: 0) == (log.state == .normal)) }
        }
        #expect(states.count == 1)
        guard case .memory(let reason) = log.state else {
            Issue.record("not in memory")
            return
        }
        #expect(reason.hasSuffix("No space left on device"))
        #expect(try log.scrapes() == Array(0..<500))
        log.configureCollectors(["c"])
        log.acknowledged(by: "c", log.ranges)
        #expect(log.recover(nowMilliseconds: 0))
        log.scrape(500)
        log.close()
        let next = try ScrapeLog(.init(storage: .directory(disk.path + "/log")), nowMilliseconds: 0)
        #expect(try next.scrapes().last == 500)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `a read-only disk is refused at the start with the reason, and nothing is lost`() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let path = disk.path + "/log"
        var log: ScrapeLog? = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        log?.scrape(1)
        log?.close()
        log = nil
        try disk.remount(readOnly: true)
        let error = #expect(throws: ScrapeLogError.self) {
            try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        }
        #expect(error?.code == .io && error?.message.hasSuffix("Read-only file system") == true)
        try disk.remount(readOnly: false)
        let again = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        #expect(try again.scrapes() == [1])
    }
}
