/// How old data may be before it reads as down: younger than twice the interval and two seconds is fresh, so that a
/// reconnect of a few seconds is not an outage.
///
/// Age is counted twice: by the agent's clock from the scrape's own time, which sees that a backlog is old, and by the
/// collector's steady clock since the arrival, which no clock that is set can deceive.
package enum Freshness {
    /// A scrape this far in the agent's future means that its clock was set back; then only the arrival counts.
    private static let future: Int64 = 5_000

    /// - Parameters:
    ///   - age: by the agent's clock, milliseconds; negative for a scrape in its future.
    ///   - waited: since the arrival, milliseconds.
    package static func isFresh(age: Int64, waited: Int64, interval: Int64) -> Bool {
        let (limit, overflow) = interval.multipliedReportingOverflow(by: 2)
        let allowed = overflow ? Int64.max : limit.addingReportingOverflow(2_000).partialValue
        guard waited < allowed else { return false }
        return age < -future || age < allowed
    }
}
