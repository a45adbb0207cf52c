import ScrapeLog
import TestSupport
import Testing

@testable import Agent

/// How old something in the log is.
@Suite struct LogTimesTests {
    @Test func `a place is as old as what was appended there, to the second, and never younger`() {
        var times = LogTimes()
        for second in 0..<100 as Range<Int64> {
            times.note(epoch: 1, offset: UInt64(second) * 1000, time: second * 1000)
            // More in the same second costs nothing.
            times.note(epoch: 1, offset: UInt64(second) * 1000 + 500, time: second * 1000 + 300)
        }
        #expect(times.count == 100)
        #expect(times.time(epoch: 1, offset: 0) == 0)
        #expect(times.time(epoch: 1, offset: 42_999) == 42_000)
        #expect(times.time(epoch: 1, offset: 43_000) == 43_000)
        #expect(times.time(epoch: 1, offset: 1 << 40) == 99_000)
        #expect(times.time(epoch: 2, offset: 0) == nil)
        #expect(
            times.earliest(of: [LogRange(epoch: 1, from: 7_000, to: 9_000), LogRange(epoch: 2, from: 0, to: 1)])
                == 7_000)
        #expect(times.earliest(of: [LogRange(epoch: 1, from: 5, to: 5)]) == nil)
    }

    @Test func `a day without a collector needs no more memory than an hour, and ages stay true`() {
        var times = LogTimes()
        for second in 0..<86_400 as Range<Int64> {
            times.note(epoch: second < 40_000 ? 1 : 2, offset: UInt64(second) * 10, time: second * 1000)
        }
        #expect(times.count <= LogTimes.limit)
        for second in stride(from: Int64(0), to: 86_400, by: 977) {
            let epoch: UInt64 = second < 40_000 ? 1 : 2
            let time = times.time(epoch: epoch, offset: UInt64(second) * 10) ?? .max
            #expect(time <= second * 1000)
            // To half a percent of the age.
            #expect(second * 1000 - time <= max(1_000, (86_400 - second) * 5 + 1_000), "\(second)")
        }
    }

    @Test func `what the log does not hold any more is forgotten`() {
        var times = LogTimes()
        for second in 0..<100 as Range<Int64> { times.note(epoch: 1, offset: UInt64(second), time: second * 1000) }
        for second in 100..<110 as Range<Int64> { times.note(epoch: 2, offset: UInt64(second), time: second * 1000) }
        times.retain([LogRange(epoch: 1, from: 90, to: 100), LogRange(epoch: 2, from: 0, to: 300)])
        #expect(times.count == 20)
        #expect(times.time(epoch: 1, offset: 95) == 95_000)
        times.retain([LogRange(epoch: 2, from: 105, to: 300)])
        #expect(times.count == 5)
        #expect(times.time(epoch: 1, offset: 95) == nil)
        #expect(times.time(epoch: 2, offset: 105) == 105_000)
    }

    @Test func `a clock that is set back does not stop it`() {
        var times = LogTimes()
        times.note(epoch: 1, offset: 0, time: 1_000_000)
        times.note(epoch: 1, offset: 10, time: 5_000)
        #expect(times.time(epoch: 1, offset: 10) == 5_000)
    }
}
