import Testing

@testable import Tunnel

/// How far apart two clocks are, from what crosses the wire.
@Suite struct ClockEstimateTests {
    @Test func `the midpoint of the round trip is compared`() {
        var estimate = ClockEstimate()
        #expect(estimate.skew == nil)
        estimate.measure(sent: 1_000_000, peer: 8_500_000, received: 2_000_000)
        #expect(estimate.skew == 7_000_000)
        #expect(estimate.roundTrip == 1_000_000)
    }

    @Test func `a first measurement replaces a hint, and a hint replaces no measurement`() {
        var estimate = ClockEstimate()
        estimate.hint(peer: 100, own: 40)
        #expect(estimate.skew == 60)
        estimate.measure(sent: 0, peer: 10, received: 0)
        #expect(estimate.skew == 10)
        estimate.hint(peer: 100, own: 40)
        #expect(estimate.skew == 10)
    }

    @Test func `noise is smoothed, a clock that was set is followed at once`() {
        var estimate = ClockEstimate()
        estimate.measure(sent: 0, peer: 0, received: 0)
        estimate.measure(sent: 0, peer: 80_000, received: 0)
        #expect(estimate.skew == 10_000)
        estimate.measure(sent: 0, peer: 600_000_000, received: 0)
        #expect(estimate.skew == 600_000_000)
    }

    @Test func `a pong from before our clock was set, or an old one, measures nothing`() {
        var estimate = ClockEstimate()
        estimate.measure(sent: 10, peer: 0, received: 9)
        estimate.measure(sent: 0, peer: 0, received: 60_000_000)
        #expect(estimate.skew == nil && estimate.roundTrip == nil)
    }

    @Test func `any clocks are survived`() {
        let edges: [Int64] = [.min, .min + 1, -1, 0, 1, 59_999_999, .max - 1, .max]
        for sent in edges {
            for peer in edges {
                for received in edges {
                    var estimate = ClockEstimate()
                    estimate.hint(peer: peer, own: sent)
                    estimate.measure(sent: sent, peer: peer, received: received)
                    estimate.measure(sent: received, peer: sent, received: received)
                    estimate.measure(sent: peer, peer: sent, received: peer)
                }
            }
        }
    }
}
