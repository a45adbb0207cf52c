import Glibc

/// Where wall time comes from.
///
/// Owns nothing; tests bring their own.
package struct WallClock: Sendable {
    /// Milliseconds since the Unix epoch.
    package let now: @Sendable () -> Int64

    /// A clock of one's own, for tests.
    package init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// The system's clock.
    package static let system = WallClock {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
