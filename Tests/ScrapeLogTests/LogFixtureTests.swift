import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Directories as earlier releases left them, in `Tests/Fixtures/log/<format version>`: they are read for ever.
@Suite struct LogFixtureTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/log")
    private static let isWriting = ProcessInfo.processInfo.environment["CULVERT_WRITE_FIXTURES"] == "1"

    /// What stands in every agent's fixture: kind, target, time; the payload follows from them.
    private static let expected: [(kind: RecordKind, target: UInt32, time: Int64)] = [
        (.segmentHeader, 0, 1000), (.targetAnnounced, 1, 1000), (.targetAnnounced, 2, 1000), (.line, 0, 1000),
        (.keyframe, 1, 1000), (.keyframe, 2, 1001), (.delta, 1, 1002), (.delta, 2, 1003), (.gap, 0, 1004),
        (.segmentHeader, 0, 1005), (.targetAnnounced, 1, 1005), (.targetAnnounced, 2, 1005), (.line, 0, 1005),
        (.keyframe, 1, 1005), (.targetAnnounced, 3, 1006), (.keyframe, 3, 1007), (.targetWithdrawn, 2, 1008),
        (.delta, 1, 1009),
        (.segmentHeader, 0, 1010), (.targetAnnounced, 1, 1010), (.targetAnnounced, 2, 1010), (.keyframe, 1, 1010),
    ]

    private static func payload(_ kind: RecordKind, _ target: UInt32, _ time: Int64) -> ByteBuffer {
        ByteBuffer(string: kind == .targetWithdrawn ? "" : "\(kind) of \(target) at \(time)")
    }

    private static func check(_ records: [LogRecord]) throws {
        #expect(records.count == expected.count)
        for (record, wanted) in zip(records, expected) {
            let header = record.header
            #expect(header.kind == wanted.kind && header.target == wanted.target && header.time == wanted.time)
            if wanted.kind == .segmentHeader {
                let segment = try SegmentHeader(decoding: record.payload)
                #expect(segment.epoch == record.epoch && segment.announcements == 2 && segment.created == wanted.time)
            } else if wanted.kind != .targetAnnounced || wanted.target == 3 {
                #expect(record.payload == payload(wanted.kind, wanted.target, wanted.time))
            } else {
                #expect(record.payload == ByteBuffer(string: "table \(wanted.target)"))
            }
        }
        let deltas = records.filter { $0.header.kind == .delta }
        for delta in deltas {
            let keyframe = records.first {
                $0.epoch == delta.epoch && $0.offset == delta.offset - UInt64(delta.header.keyframe)
            }
            #expect(keyframe?.header.kind == .keyframe && keyframe?.header.target == delta.header.target)
        }
    }

    /// Appends what a fixture holds, in two epochs.
    private static func fill(_ log: ScrapeLog) {
        let table: [(target: UInt32, payload: ByteBuffer)] = [
            (1, ByteBuffer(string: "table 1")), (2, ByteBuffer(string: "table 2")),
        ]
        log.table = { table }
        func append(_ kind: RecordKind, _ target: UInt32, _ time: Int64, lines: Bool = false) {
            log.append(
                kind, target: target, time: time, payload: payload(kind, target, time),
                lines: lines ? payload(.line, 0, time) : ByteBuffer())
        }
        append(.keyframe, 1, 1000, lines: true)
        append(.keyframe, 2, 1001)
        append(.delta, 1, 1002)
        append(.delta, 2, 1003)
        append(.gap, 0, 1004)
        log.sealSegment()
        append(.keyframe, 1, 1005, lines: true)
        append(.targetAnnounced, 3, 1006)
        append(.keyframe, 3, 1007)
        append(.targetWithdrawn, 2, 1008)
        append(.delta, 1, 1009)
        log.beginEpoch(nowMilliseconds: 1010)
        append(.keyframe, 1, 1010)
        log.flush()
    }

    @Test(.enabled(if: isWriting, "writes the fixtures of the present version"))
    func `write the fixtures of the present version`() throws {
        let home = Self.fixtures.appendingPathComponent("\(SegmentHeader.currentVersion)").path
        #expect(!FileManager.default.fileExists(atPath: home), "fixtures are written once, never again")
        let log = try ScrapeLog(.init(storage: .directory(home + "/agent")), nowMilliseconds: 1000)
        log.configureCollectors(["collector.example:9443", "b"])
        Self.fill(log)
        let replica = try ReplicaLog(storage: .directory(home + "/replica"), clock: { 2000 })
        for range in log.ranges {
            _ = try replica.write(epoch: range.epoch, from: range.from, bytes: try log.bytes(range))
        }
        let end = log.ranges[0].to
        replica.noteGap(LogRange(epoch: log.ranges[0].epoch, from: end, to: end + 500))
        try replica.writeNotes("last_seen_milliseconds 2000\n")
        try replica.sync()
        log.acknowledged(by: "b", [LogRange(epoch: log.ranges[0].epoch, from: 0, to: 100)])
        log.returnGaps(
            [
                LogGap(
                    range: LogRange(epoch: 7, from: 10, to: 20), scrapes: 3, reason: "log over its maximum size")
            ], for: "b")
        log.close()
        try FileManager.default.removeItem(atPath: home + "/agent/lock")
    }

    /// The fixtures of a version and a side, copied to where a log may mend them.
    private func copy(_ version: Int, _ side: String) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try FileManager.default.copyItem(
            atPath: Self.fixtures.appendingPathComponent("\(version)/\(side)").path, toPath: directory.path + "/log")
        return directory
    }

    @Test(arguments: [2, 3])
    func `an agent's directory is read whole, with what its collectors have and have to be told`(version: Int) throws {
        let directory = try copy(version, "agent")
        let log = try ScrapeLog(.init(storage: .directory(directory.path + "/log")), nowMilliseconds: 0)
        try Self.check(try log.records())
        #expect(log.ranges.dropLast().count == 2 && log.ranges.last?.count == 0, "copied files begin a new epoch")
        log.configureCollectors(["collector.example:9443", "b"])
        #expect(log.acknowledged(by: "b") == [LogRange(epoch: log.ranges[0].epoch, from: 0, to: 100)])
        #expect(log.acknowledged(by: "collector.example:9443").isEmpty)
        let gap = LogGap(range: LogRange(epoch: 7, from: 10, to: 20), scrapes: 3, reason: "log over its maximum size")
        #expect(log.takeGaps(for: "b") == [gap] && log.takeGaps(for: "collector.example:9443").isEmpty)
        let statistics = log.statistics
        #expect(statistics.repairedBytes == 0 && statistics.setAsideSegments == 0 && statistics.missingBytes == 0)
    }

    @Test(arguments: [2, 3])
    func `an agent's mark of a good end is read`(version: Int) throws {
        let url = Self.fixtures.appendingPathComponent("\(version)/agent/clean")
        let marker = try #require(CleanMarker(try String(contentsOf: url, encoding: .utf8)))
        #expect(marker.end > 100 && marker.epochSequence == 2 && marker.lockChanged > 0)
    }

    @Test(arguments: [2, 3])
    func `a collector's directory is read whole, with what will not come`(version: Int) throws {
        let directory = try copy(version, "replica")
        let replica = try ReplicaLog(storage: .directory(directory.path + "/log"), clock: { 0 })
        try Self.check(try replica.records())
        #expect(replica.heldRanges.count == 2)
        #expect(replica.ranges[0].to == replica.heldRanges[0].to + 500)
        #expect(replica.readNotes() == "last_seen_milliseconds 2000\n")
        #expect(replica.statistics.repairedBytes == 0 && replica.statistics.setAsideSegments == 0)
    }
}
