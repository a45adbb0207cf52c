import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// A log that is written for a collector of the release before.
@Suite struct FormatVersionTests {
    private static let old = SegmentHeader.previousVersion
    private static let new = SegmentHeader.currentVersion

    private func append(_ log: ScrapeLog, _ time: Int64) {
        log.append(.keyframe, target: 1, time: time, payload: ByteBuffer(string: "at \(time)"))
        log.flush()
    }

    /// The version of every segment, oldest first.
    private func versions(of log: ScrapeLog) throws -> [UInt16] {
        try log.records().filter { $0.header.kind == .segmentHeader }.map {
            try SegmentHeader(decoding: $0.payload).version
        }
    }

    @Test func `an older version begins an epoch, and the old one's segments are not for who cannot read them`() throws
    {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        append(log, 1)
        let first = log.epoch
        #expect(log.write(version: Self.old, nowMilliseconds: 2))
        append(log, 3)
        #expect(log.epoch != first)
        #expect(try versions(of: log) == [Self.new, Self.old])
        #expect(log.ranges.map(\.epoch) == [first, log.epoch])
        #expect(log.ranges(upToVersion: Self.old).map(\.epoch) == [log.epoch])
        #expect(log.ranges(upToVersion: Self.new) == log.ranges)
    }

    @Test func `a newer version begins a segment of the same epoch`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        _ = log.write(version: Self.old, nowMilliseconds: 1)
        append(log, 1)
        let epoch = log.epoch
        let end = log.end
        #expect(!log.write(version: Self.new, nowMilliseconds: 2))
        append(log, 3)
        #expect(log.epoch == epoch)
        #expect(try versions(of: log) == [Self.old, Self.new])
        #expect(log.ranges.count == 1)
        // Should it still be asked for what an old reader can have: all up to there, and nothing after it.
        #expect(log.ranges(upToVersion: Self.old).first == LogRange(epoch: epoch, from: 0, to: end))
    }

    @Test func `after a restart it goes on in the version it was written in`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log"
        var log = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 0)
        _ = log.write(version: Self.old, nowMilliseconds: 1)
        append(log, 2)
        let epoch = log.epoch
        log.close()
        log = try ScrapeLog(.init(storage: .directory(path)), nowMilliseconds: 3)
        append(log, 4)
        #expect(log.epoch == epoch && log.version == Self.old)
        #expect(try versions(of: log) == [Self.old, Self.old])
        log.close()
    }

    @Test func `a version that this release does not write is not taken`() throws {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        for version in [0, 1, Self.new + 1, .max] { #expect(!log.write(version: version, nowMilliseconds: 1)) }
        append(log, 2)
        #expect(try versions(of: log) == [Self.new])
    }
}
