import NIOCore
import TestSupport
import Testing

@testable import Tunnel

/// How long an agent waits before it dials again.
@Suite struct BackoffTests {
    @Test func `of a thousand failures none waits longer than 30 s, none less than 0.2 s`() {
        var backoff = Backoff(timers: TunnelTimers())
        var random = SeededGenerator(seed: 1)
        var longest = TimeAmount.zero
        for _ in 0..<1000 {
            let delay = backoff.delay(welcomed: nil, hint: nil, random: .random(in: 0..<1, using: &random))
            #expect(delay >= .milliseconds(200) && delay <= .seconds(30))
            longest = max(longest, delay)
        }
        #expect(longest > .seconds(25))
    }

    @Test func `the window doubles from a second to 30`() {
        var backoff = Backoff(timers: TunnelTimers())
        let windows = (0..<8).map { _ in backoff.delay(welcomed: nil, hint: nil, random: 0.5).nanoseconds }
        #expect(windows.map { $0 / 500_000_000 } == [1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func `time spent welcomed makes failures count from one again, and only if it was long enough`() {
        var backoff = Backoff(timers: TunnelTimers())
        for _ in 0..<10 { _ = backoff.delay(welcomed: nil, hint: nil, random: 0) }
        #expect(backoff.delay(welcomed: .milliseconds(900), hint: nil, random: 0.5) == .seconds(15))
        #expect(backoff.delay(welcomed: .seconds(30), hint: nil, random: 0.5) == .milliseconds(500))
        for _ in 0..<19 { #expect(backoff.delay(welcomed: nil, hint: nil, random: 0.5) == .milliseconds(500)) }
        #expect(backoff.delay(welcomed: nil, hint: nil, random: 0.5) == .milliseconds(500))
        #expect(backoff.delay(welcomed: nil, hint: nil, random: 0.5) == .seconds(1))
    }

    @Test func `for ten seconds after a working connection was lost a dial is never more than a second away`() {
        for seed in UInt64(1)...50 {
            var backoff = Backoff(timers: TunnelTimers())
            var random = SeededGenerator(seed: seed)
            for _ in 0..<20 { _ = backoff.delay(welcomed: nil, hint: nil, random: 0.9) }
            var waited = backoff.delay(welcomed: .seconds(6), hint: nil, random: .random(in: 0..<1, using: &random))
            while waited < .seconds(10) {
                let delay = backoff.delay(welcomed: nil, hint: nil, random: .random(in: 0..<1, using: &random))
                #expect(delay <= .seconds(1), "seed \(seed)")
                waited = waited + delay
            }
            #expect(backoff.delay(welcomed: nil, hint: nil, random: 1) == .seconds(30), "seed \(seed)")
        }
    }

    @Test func `a delay the collector asks for wins, within 0.2 s and 10 min`() {
        var backoff = Backoff(timers: TunnelTimers())
        #expect(backoff.delay(welcomed: nil, hint: .seconds(77), random: 0) == .seconds(77))
        #expect(backoff.delay(welcomed: nil, hint: .zero, random: 0) == .milliseconds(200))
        #expect(backoff.delay(welcomed: nil, hint: .hours(5), random: 0) == .minutes(10))
        #expect(backoff.delay(welcomed: nil, hint: .seconds(-5), random: 0) == .milliseconds(200))
    }
}
