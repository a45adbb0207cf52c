/// How far a peer's wall clock is ahead of ours, from midpoints of ping and pong, smoothed.
package struct ClockEstimate: Sendable, Hashable {
    /// Peer minus own, microseconds; nil before the first measurement.
    package private(set) var skew: Int64?
    /// The last round trip, microseconds.
    package private(set) var roundTrip: Int64?
    /// True once a round trip was measured; a one-way hint is replaced by the first of them.
    private var isMeasured = false

    package init() {}

    /// A first idea from a one-way message: the peer's clock and ours when it arrived.
    package mutating func hint(peer: Int64, own: Int64) {
        guard !isMeasured else { return }
        skew = peer.subtractingReportingOverflow(own).partialValue
    }

    /// A pong: our clock when the ping left, the peer's when it answered, ours when the answer came.
    package mutating func measure(sent: Int64, peer: Int64, received: Int64) {
        let (elapsed, overflow) = received.subtractingReportingOverflow(sent)
        // Our own clock was set in between, or the peer echoed nonsense: no measurement.
        guard !overflow, elapsed >= 0, elapsed < 60_000_000 else { return }
        let (sample, sampleOverflow) = peer.subtractingReportingOverflow(sent + elapsed / 2)
        guard !sampleOverflow else { return }
        roundTrip = elapsed
        guard isMeasured, let old = skew else {
            skew = sample
            isMeasured = true
            return
        }
        let (difference, differenceOverflow) = sample.subtractingReportingOverflow(old)
        // A step of a second or more is a clock that was set, not noise.
        if differenceOverflow || difference.magnitude >= 1_000_000 {
            skew = sample
        } else {
            skew = old + difference / 8
        }
    }
}
