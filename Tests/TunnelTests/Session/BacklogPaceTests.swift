import NIOCore
import Testing

@testable import Tunnel

/// How much backlog is under way: enough to fill the link, never enough to hold up what comes behind it.
@Suite struct BacklogPaceTests {
    /// A link that takes `rate` bytes a second and holds everything it is given, with this round trip when it is empty.
    private struct Link {
        var rate: Double
        var roundTrip: Double
        /// Seconds until it has delivered all it was given.
        var busyUntil = 0.0
        var answers: [(sequence: UInt32, at: Double)] = []
        var longestDelay = 0.0

        mutating func send(_ bytes: UInt64, _ sequence: UInt32, at time: Double) {
            busyUntil = max(busyUntil, time) + Double(bytes) / rate
            longestDelay = max(longestDelay, busyUntil - time)
            answers.append((sequence, busyUntil + roundTrip))
        }
    }

    /// Sends for this long; returns the bytes that arrived a second and the longest time something waited in the link.
    private func run(rate: Double, roundTrip: Double, seconds: Double) -> (throughput: Double, delay: Double) {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        func deadline(_ time: Double) -> NIODeadline { start + .nanoseconds(Int64(time * 1e9)) }
        var pace = BacklogPace()
        var link = Link(rate: rate, roundTrip: roundTrip)
        var sequence: UInt32 = 0
        var sent: UInt64 = 0
        var time = 0.0
        while time < seconds {
            while pace.hasRoom {
                sequence += 1
                let portion = pace.portion
                pace.sent(portion, mark: sequence, now: deadline(time))
                link.send(portion, sequence, at: time)
                sent += portion
            }
            guard let answer = link.answers.first else { break }
            link.answers.removeFirst()
            time = answer.at
            _ = pace.answered(answer.sequence, now: deadline(time))
        }
        return (Double(sent - pace.underWay) / time, link.longestDelay)
    }

    @Test(arguments: [(0.001, 250_000.0), (0.04, 250_000), (0.3, 250_000), (0.04, 60_000), (0.08, 1_250_000)])
    func `a slow link is kept busy, and nothing waits much longer than a second`(
        roundTrip: Double, rate: Double
    ) {
        let (throughput, delay) = run(rate: rate, roundTrip: roundTrip, seconds: 20)
        #expect(throughput > rate * 0.7, "\(throughput) of \(rate)")
        #expect(delay < 1.6, "\(delay)")
    }

    @Test func `a fast link is used`() {
        #expect(run(rate: 1e9, roundTrip: 0.04, seconds: 4).throughput > 40e6)
        #expect(run(rate: 1e9, roundTrip: 0.0005, seconds: 1).throughput > 400e6)
    }

    @Test func `an answer that was left out is made up for by a later one`() {
        let now = NIODeadline.now()
        var pace = BacklogPace()
        pace.sent(50_000, mark: 1, now: now)
        pace.sent(50_000, mark: 2, now: now)
        #expect(!pace.hasRoom)
        #expect(!pace.isOverdue(now: now + .milliseconds(900)))
        #expect(pace.isOverdue(now: now + .seconds(1)))
        pace.sent(0, mark: 3, now: now + .seconds(1))
        #expect(!pace.isOverdue(now: now + .milliseconds(1900)))
        let isKnown = pace.answered(3, now: now + .seconds(2))
        #expect(isKnown && pace.underWay == 0 && pace.hasRoom)
        let isKnownAgain = pace.answered(1, now: now + .seconds(2))
        #expect(!isKnownAgain)
        #expect(!pace.isOverdue(now: now + .hours(1)))
    }
}
