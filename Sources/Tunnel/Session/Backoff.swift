package import NIOCore

/// How long to wait before the next dial: full jitter over a doubling window, reset by time spent welcomed.
package struct Backoff: Sendable {
    private let timers: TunnelTimers
    private var failures = 0

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
        let window = min(
            timers.maximumBackoff.nanoseconds, timers.firstBackoff.nanoseconds << Int64(min(failures, 16)))
        failures = min(failures + 1, 64)
        if let hint {
            return min(max(hint, .milliseconds(200)), .minutes(10))
        }
        let floor = min(TimeAmount.milliseconds(200).nanoseconds, timers.firstBackoff.nanoseconds)
        return .nanoseconds(max(floor, Int64(Double(window) * random)))
    }
}
