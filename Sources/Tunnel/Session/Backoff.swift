package import NIOCore

/// How long to wait before the next dial: full jitter over a doubling window, reset by time spent welcomed.
///
/// The window begins to double only ten seconds after a working connection was lost: most losses are shorter, and a dial
/// a second is what it takes that a cut of three seconds is no outage for targets scraped every five.
package struct Backoff: Sendable {
    private let timers: TunnelTimers
    private var failures = 0
    /// How much longer the window stays at its first size, nanoseconds.
    private var patience: Int64 = 0

    private static let patience = TimeAmount.seconds(10)
    /// A connection that lasted this long worked; one that is dropped at once is not worth patience.
    private static let worked = TimeAmount.seconds(1)

    package init(timers: TunnelTimers) {
        self.timers = timers
    }

    /// The delay after a connection ended.
    ///
    /// - Parameters:
    ///   - welcomed: how long it had been welcomed; nil when it never was.
    ///   - hint: a delay the collector asked for; wins, within 0.2 s and 10 min.
    ///   - random: in 0..<1.
    package mutating func delay(welcomed: TimeAmount?, hint: TimeAmount?, random: Double) -> TimeAmount {
        if let welcomed, welcomed >= timers.stable { failures = 0 }
        if let welcomed, welcomed >= Self.worked { patience = Self.patience.nanoseconds }
        let doublings = patience > 0 ? 0 : Int64(min(failures, 16))
        let window = min(timers.maximumBackoff.nanoseconds, timers.firstBackoff.nanoseconds << doublings)
        if patience == 0 { failures = min(failures + 1, 64) }
        if let hint {
            return min(max(hint, .milliseconds(200)), .minutes(10))
        }
        let floor = min(TimeAmount.milliseconds(200).nanoseconds, timers.firstBackoff.nanoseconds)
        let delay = max(floor, Int64(Double(window) * random))
        patience = max(0, patience - delay)
        return .nanoseconds(delay)
    }
}
