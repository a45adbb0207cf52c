/// When one target is scraped.
///
/// Owns the target's phase, the tick it waits for and the last timestamp it gave out. Ticks lie on absolute time at an
/// offset that follows from the target's hash, so that a restart keeps the phase and many targets spread over the
/// interval. A value type: the caller brings wall clock and monotonic clock, both in milliseconds, and carries out the
/// waiting. A wall clock that is set back or forward costs at most one tick and never a burst.
package struct ScrapeSchedule: Sendable, Hashable {
    /// The next start to wait for.
    package struct Start: Sendable, Hashable {
        /// Milliseconds from now; never negative.
        package var delay: Int64
        /// The ideal time of the start, milliseconds since the Unix epoch.
        package var scheduled: Int64
        /// Ticks that were passed over because the last scrape took too long.
        package var skipped: Int64
    }

    /// The times a scrape that starts now carries, milliseconds since the Unix epoch.
    package struct Times: Sendable, Hashable {
        /// The tick it belongs to.
        package var scheduled: Int64
        /// The start, aligned to the tick when late by a hair; strictly greater than that of any scrape before.
        package var timestamp: Int64
    }

    private struct Moment: Sendable, Hashable {
        var wall: Int64
        var monotonic: Int64
    }

    /// Milliseconds between two ticks.
    package private(set) var interval: Int64
    private let phase: UInt64
    private var offset: Int64
    private var planned: Int64?
    private var last: Times?
    private var lastBegin: Moment?
    /// The last start was not on the phase: it may be close to the next tick.
    private var isOffPhase = false

    /// A target seen for the first time while running is scraped within this many milliseconds.
    package static let spread: Int64 = 1000
    /// Times beyond this are a broken clock (year 9999), and cut so that sums cannot overflow.
    private static let wallLimit: Int64 = 253_402_300_800_000
    private static let intervalLimit: Int64 = 1 << 40

    /// `hash` tells targets apart, `seed` scrapers of the same targets; `interval` is in milliseconds.
    package init(hash: UInt64, seed: UInt64, interval: Int64) {
        phase = hash ^ seed
        self.interval = min(max(interval, 1), Self.intervalLimit)
        offset = Int64(phase % UInt64(self.interval))
    }

    /// The first start on the target's own phase: for targets known when the process starts.
    package mutating func firstOnPhase(wall: Int64) -> Start {
        let now = Self.clamp(wall)
        return plan(tick(after: now - 1), now: now, skipped: 0)
    }

    /// The first start within a second, spread: for targets that appear while running.
    package mutating func firstSoon(wall: Int64) -> Start {
        let now = Self.clamp(wall)
        isOffPhase = true
        return plan(now + Int64((phase >> 24) % UInt64(min(Self.spread, interval))), now: now, skipped: 0)
    }

    /// A scrape starts now: the times it carries.
    package mutating func begin(wall: Int64, monotonic: Int64) -> Times {
        let now = Self.clamp(wall)
        let ideal = planned ?? now
        planned = nil
        let late = now - ideal
        let tolerance = max(min(2, interval / 100), 1)
        var times = Times(scheduled: ideal, timestamp: now)
        if (-tolerance...tolerance).contains(late) {
            times.timestamp = ideal
        } else if late >= interval {
            times.scheduled = max(tick(after: now) - interval, ideal)
        } else if late <= -interval / 2 {
            // The clock was set back while waiting.
            times.scheduled = now
        }
        if let last { times.timestamp = max(times.timestamp, last.timestamp + 1) }
        last = times
        lastBegin = Moment(wall: now, monotonic: monotonic)
        return times
    }

    /// The scrape is over, or the interval was changed: the next start.
    package mutating func next(wall: Int64, monotonic: Int64) -> Start {
        let now = Self.clamp(wall)
        guard let last, let lastBegin else { return firstOnPhase(wall: wall) }
        let elapsed = max(monotonic - lastBegin.monotonic, 0)
        let wasOffPhase = isOffPhase
        isOffPhase = false
        let drift = (now - lastBegin.wall) - elapsed
        guard (-stepLimit...stepLimit).contains(drift) else {
            // The clock was set: what it said before means nothing, but no two starts come close together.
            var start = tick(after: now)
            if elapsed + (start - now) < interval / 2 { start += interval }
            return plan(start, now: now, skipped: 0)
        }
        var start = tick(after: max(now, last.scheduled))
        let skipped = (start - tick(after: last.scheduled)) / interval
        if wasOffPhase, start - last.scheduled < interval / 10 { start += interval }
        return plan(start, now: now, skipped: skipped)
    }

    /// Uses another interval from the next start on; the phase follows it.
    package mutating func retune(interval: Int64) {
        self.interval = min(max(interval, 1), Self.intervalLimit)
        offset = Int64(phase % UInt64(self.interval))
        isOffPhase = true
    }

    private mutating func plan(_ start: Int64, now: Int64, skipped: Int64) -> Start {
        planned = start
        return Start(delay: max(start - now, 0), scheduled: start, skipped: skipped)
    }

    /// Wall and monotonic clock may differ by this much within a scrape before it counts as a step, milliseconds.
    private var stepLimit: Int64 { max(interval / 10, 50) }

    /// The first tick after a time.
    private func tick(after time: Int64) -> Int64 {
        let since = time - offset
        let remainder = since % interval
        let position = remainder < 0 ? remainder + interval : remainder
        return time - position + interval
    }

    private static func clamp(_ wall: Int64) -> Int64 {
        min(max(wall, 0), wallLimit)
    }
}
