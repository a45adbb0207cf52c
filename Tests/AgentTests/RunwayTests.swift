import NIOCore
import ScrapeLog
import Testing

@testable import Agent

/// How fast the log grows, how long an outage it covers, and when the operator is told.
@Suite struct RunwayTests {
    private let start = NIODeadline.uptimeNanoseconds(1)

    private func observe(_ rate: inout AppendRate, _ bytes: inout UInt64, at perSecond: Double, from: Int, to: Int) {
        for second in stride(from: from, to: to, by: 5) {
            rate.observe(total: bytes, now: start + .seconds(Int64(second)))
            bytes += UInt64(perSecond * 5)
        }
    }

    @Test func `a steady rate is known after half a minute`() throws {
        var rate = AppendRate()
        var bytes: UInt64 = 1 << 30
        observe(&rate, &bytes, at: 1_000, from: 0, to: 30)
        #expect(rate.bytesPerSecond == nil)
        observe(&rate, &bytes, at: 1_000, from: 30, to: 40)
        #expect(abs(try #require(rate.bytesPerSecond) - 1_000) < 1)
    }

    @Test func `a change shows within minutes, a burst hardly`() throws {
        var rate = AppendRate()
        var bytes: UInt64 = 0
        observe(&rate, &bytes, at: 1_000, from: 0, to: 1_200)
        // One segment's dictionary: five seconds at a hundred times the rate.
        observe(&rate, &bytes, at: 100_000, from: 1_200, to: 1_205)
        observe(&rate, &bytes, at: 1_000, from: 1_205, to: 1_500)
        #expect(try #require(rate.bytesPerSecond) < 2_200)
        observe(&rate, &bytes, at: 5_000, from: 1_500, to: 2_700)
        #expect(try #require(rate.bytesPerSecond) > 4_500)
    }

    @Test func `time that stands still and totals that shrink do no harm`() {
        var rate = AppendRate()
        rate.observe(total: 100, now: start)
        rate.observe(total: 200, now: start)
        rate.observe(total: 50, now: start + .seconds(60))
        #expect(rate.bytesPerSecond == 0)
    }

    private func runway(_ seconds: Double) -> Runway { Runway(budget: UInt64(seconds * 10), bytesPerSecond: 10) }

    @Test func `the operator is told once at the start, and once each time it gets short during an outage`() {
        var watch = RunwayWatch()
        #expect(watch.observe(runway(9_000), isRateKnown: false, isDisconnected: true) == nil)
        #expect(watch.observe(runway(9_000), isRateKnown: true, isDisconnected: true) == .known)
        #expect(watch.observe(runway(8_000), isRateKnown: true, isDisconnected: true) == nil)
        #expect(watch.observe(runway(3_500), isRateKnown: true, isDisconnected: true) == .low)
        for left in [3_400, 3_700, 3_500, 10] as [Double] {
            #expect(watch.observe(runway(left), isRateKnown: true, isDisconnected: true) == nil)
        }
        // Connected: it may be as short as it likes.
        #expect(watch.observe(runway(10), isRateKnown: true, isDisconnected: false) == nil)
        #expect(watch.observe(runway(10), isRateKnown: true, isDisconnected: true) == .low)
        #expect(watch.observe(runway(5_000), isRateKnown: true, isDisconnected: true) == nil)
        #expect(watch.observe(runway(3_000), isRateKnown: true, isDisconnected: true) == .low)
    }

    @Test func `a log that does not grow lasts for ever`() {
        var watch = RunwayWatch()
        let still = Runway(budget: 10, bytesPerSecond: 0)
        #expect(watch.observe(still, isRateKnown: true, isDisconnected: true) == .known)
        #expect(watch.observe(still, isRateKnown: true, isDisconnected: true) == nil)
        #expect(RunwayWatch.text(still) == "unlimited")
        #expect(RunwayWatch.text(runway(90_000)) == "25 h")
        #expect(RunwayWatch.text(runway(3_000)) == "50 min")
        #expect(RunwayWatch.text(runway(59)) == "59 s")
    }
}
