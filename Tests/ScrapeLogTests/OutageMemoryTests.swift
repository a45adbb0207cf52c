import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// What a long outage costs the agent's memory: nothing, because the backlog is on the disk.
@Suite struct OutageMemoryTests {
    /// Bytes of this process's memory that no file stands behind.
    private static func anonymousMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0) << 10
    }

    /// Thirty minutes of 100,000 samples/s: 200 targets of 500 samples every second, in scrapes of 300 bytes. Here the
    /// first `seconds` of them, in a process of its own, where nobody else takes memory.
    @Test func `half an hour of outage at 100,000 samples a second takes no memory`() async {
        await #expect(processExitsWith: .success) {
            let seconds = ProcessInfo.processInfo.environment["CULVERT_SOAK"] == "1" ? 1800 : 100
            let directory = try TemporaryDirectory()
            let log = try ScrapeLog(.init(storage: .directory(directory.path)), nowMilliseconds: 0)
            log.configureCollectors(["c"])
            let payload = ByteBuffer(repeating: 0x5A, count: 300)
            func scrape(_ range: Range<Int>) {
                for second in range {
                    for target in 1..<201 as Range<UInt32> {
                        log.append(.keyframe, target: target, time: Int64(second) * 1000, payload: payload)
                    }
                    log.flush()
                    try? log.syncTask()?.run()
                }
            }
            // Every buffer has its size by then.
            scrape(0..<20)
            let before = try OutageMemoryTests.anonymousMemory()
            scrape(20..<seconds)
            let grown = try OutageMemoryTests.anonymousMemory() - before
            #expect(log.statistics.bytesHeld > UInt64(seconds * 200 * 330))
            #expect(grown < 2 << 20, "\(grown) bytes")
        }
    }

    /// A segment costs its bookkeeping, whatever is in it.
    @Test func `a backlog of many segments costs a hundred bytes and a bit for each`() throws {
        let log = try MemoryDisk().run {
            try ScrapeLog(
                .init(storage: .directory("/log"), maximumBytes: 8 << 20, segmentBytes: 512), nowMilliseconds: 0)
        }
        log.configureCollectors(["c"])
        for number in 0..<3000 { log.scrape(number, size: 300) }
        #expect(log.statistics.segments > 900)
        #expect(MemoryLayout<Segment>.stride <= 128, "16,384 of them are 2 MiB")
    }
}
