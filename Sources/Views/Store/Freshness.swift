/// How old data may be before it reads as down: younger than twice the interval and two seconds is fresh, so that a
/// reconnect of a few seconds is not an outage.
package enum Freshness {
    /// All in milliseconds of the agent's clock.
    package static func isFresh(scraped: Int64, interval: Int64, now: Int64) -> Bool {
        let (age, overflow) = now.subtractingReportingOverflow(scraped)
        return !overflow && age < 2 * interval + 2_000
    }
}
