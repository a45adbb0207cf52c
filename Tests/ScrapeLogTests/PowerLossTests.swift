import Foundation
import TestSupport
import Testing

@testable import ScrapeLog

/// Both sides, stopped and cut off in every way at any moment, with disks that forget what was not synchronized.
@Suite struct PowerLossTests {
    private static let isLong = ProcessInfo.processInfo.environment["CULVERT_SOAK"] == "1"

    /// Groups of ten sequences each.
    @Test(arguments: 0..<(isLong ? 100 : 10))
    func `through kills and power losses both sides hold equal bytes, once, and nothing acknowledged is lost`(
        group: UInt64
    ) throws {
        for seed in group * 10..<group * 10 + 10 {
            var world = try FaultWorld(seed: seed)
            for _ in 0..<80 { try world.step(withTrouble: false) }
            try world.finish()
        }
    }

    @Test(arguments: 0..<(isLong ? 100 : 10))
    func `so they do when the agent's disk fails, fills up and loses power in the middle of a call`(
        group: UInt64
    ) throws {
        for seed in 1_000_000 + group * 10..<1_000_000 + group * 10 + 10 {
            var world = try FaultWorld(seed: seed)
            for _ in 0..<80 { try world.step(withTrouble: true) }
            try world.finish()
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `the mark of a good end does not come back with a power loss`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let disk = MemoryDisk()
        let log = try LogFiles.open(disk)
        log.scrape(1)
        log.close()
        let closed = disk.afterKill()
        #expect(closed.names(in: LogFiles.path).contains("clean"))
        let next = try LogFiles.open(closed)
        #expect(next.epoch == log.epoch)
        next.scrape(2)
        next.flush()
        #expect(!closed.afterPowerLoss(&random).names(in: LogFiles.path).contains("clean"))
    }
}
