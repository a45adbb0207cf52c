import Foundation
import Logging
import NIOCore
import ScrapeLog
import TestSupport
import Testing
import Tunnel

@testable import Agent

/// When a place of the log that cannot be read is given up.
@Suite struct UnreadableLogTests {
    private let directory: TemporaryDirectory
    private let log: ScrapeLog
    /// The first segment, which is complete.
    private let segment: LogRange
    private let file: String

    init() throws {
        let directory = try TemporaryDirectory()
        let configuration = ScrapeLog.Configuration(storage: .directory(directory.path))
        func write(_ log: ScrapeLog) {
            for number in 0..<50 {
                log.append(.keyframe, target: 1, time: Int64(number), payload: ByteBuffer(repeating: 7, count: 5_000))
            }
            log.flush()
        }
        let before = try ScrapeLog(configuration, nowMilliseconds: 0)
        write(before)
        let segment = try #require(before.ranges.first)
        before.close()
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: directory.path).first { $0.hasSuffix(".segment") }
                .map { directory.path + "/" + $0 })
        // Neither an open file nor a copy in memory is left of it.
        let log = try ScrapeLog(configuration, nowMilliseconds: 0)
        write(log)
        (self.directory, self.log, self.segment, self.file) = (directory, log, segment, file)
    }

    /// A tunnel's source that has not looked at the files before.
    private func source() -> LogTunnelSource {
        LogTunnelSource(log: log, logger: Logger(label: "test"), nowMilliseconds: { 0 }, onNewEpoch: {})
    }

    private func read(_ range: LogRange, from source: LogTunnelSource, at minutes: Int64) throws -> UnreadableRange? {
        var bytes = ByteBuffer()
        do {
            _ = try source.read(range, maximum: 1 << 20, into: &bytes)
            return nil
        } catch {
            return source.unreadable(range, error, now: .uptimeNanoseconds(0) + .minutes(minutes))
        }
    }

    @Test func `a disk that fails for a while loses nothing`() throws {
        let away = file + ".away"
        try FileManager.default.moveItem(atPath: file, toPath: away)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "nowhere")
        let source = source()
        let wanted = LogRange(epoch: segment.epoch, from: segment.from, to: log.end)
        for minute in 0..<10 as Range<Int64> {
            #expect(try read(wanted, from: source, at: minute) == .postponed(segment))
        }
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.moveItem(atPath: away, toPath: file)
        #expect(try read(wanted, from: source, at: 10) == nil)
    }

    @Test func `a segment that cannot be read for ten minutes is given up up to its end`() throws {
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "nowhere")
        let source = source()
        let wanted = LogRange(epoch: segment.epoch, from: segment.from, to: log.end)
        #expect(try read(wanted, from: source, at: 3) == .postponed(segment))
        #expect(try read(wanted, from: source, at: 12) == .postponed(segment))
        guard case .abandoned(let gap)? = try read(wanted, from: source, at: 13) else {
            Issue.record("not given up"); return
        }
        #expect(gap.range == segment)
        #expect(try read(LogRange(epoch: segment.epoch, from: segment.to, to: log.end), from: source, at: 13) == nil)
    }

    @Test func `what a shortened file lacks will not come back`() throws {
        #expect(truncate(file, 1_000) == 0)
        let source = source()
        let wanted = LogRange(epoch: segment.epoch, from: 6_000, to: segment.to)
        guard case .abandoned(let gap)? = try read(wanted, from: source, at: 0) else {
            Issue.record("not given up"); return
        }
        #expect(gap.range == wanted)
    }

    @Test func `what retention has dropped is gone`() throws {
        #expect(try read(LogRange(epoch: segment.epoch &+ 1, from: 0, to: 10), from: source(), at: 0) == .gone)
    }
}
