/// When a plain read is answered at once and when it waits for the scrape that is under way, so that readers at a
/// target's own interval see every scrape once.
///
/// A read whose scheduled scrape has started but not arrived waits for it. That alone would make a reader whose phase is
/// within its jitter of the agent's flip between waiting and not waiting, skipping one scrape and repeating another;
/// therefore what this reader was last given counts too.
package struct ReadRule: Sendable, Hashable {
    /// The newest scrape that has arrived.
    package struct Newest: Sendable, Hashable {
        package var sequence: UInt64
        /// Its scheduled time, milliseconds, agent's clock.
        package var scheduled: Int64

        package init(sequence: UInt64, scheduled: Int64) {
            self.sequence = sequence
            self.scheduled = scheduled
        }
    }

    package enum Decision: Sendable, Hashable {
        case serve
        /// Wait for a scrape newer than the newest, until this time, milliseconds, agent's clock.
        case wait(until: Int64)
    }

    /// Milliseconds between a target's scheduled scrapes.
    package var interval: Int64
    /// Milliseconds after which the agent gives a scrape up.
    package var timeout: Int64

    package init(interval: Int64, timeout: Int64) {
        self.interval = interval
        self.timeout = timeout
    }

    /// How long a result may take from its end at the agent to here, before a reader stops waiting for it.
    private static let transit: Int64 = 500

    /// A reader that has the newest scrape already is let wait when the next is due within this time.
    private var slack: Int64 { min(interval / 10, 250) }

    /// - Parameters:
    ///   - newest: nil when nothing has arrived yet.
    ///   - lastGiven: the sequence this reader was last given; nil for a newcomer.
    ///   - now: milliseconds, agent's clock.
    package func decide(newest: Newest?, lastGiven: UInt64?, now: Int64) -> Decision {
        guard let newest else { return .serve }
        let next = newest.scheduled.addingReportingOverflow(interval).partialValue
        let (limit, overflow) = next.addingReportingOverflow(min(timeout, interval) &+ Self.transit)
        guard !overflow, now < limit else { return .serve }
        if let lastGiven {
            // The one after the last it was given has arrived: serving it now skips nothing.
            if lastGiven &+ 1 == newest.sequence { return .serve }
            if lastGiven == newest.sequence, next.subtractingReportingOverflow(slack).partialValue <= now {
                return .wait(until: limit)
            }
        }
        return now >= next ? .wait(until: limit) : .serve
    }
}
