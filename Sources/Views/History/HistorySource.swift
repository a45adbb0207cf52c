/// Where the scrapes of one agent's targets are kept, as the history views see it. Thread-safe; every call may block on
/// the disk, so it belongs on a thread that may.
package protocol HistorySource: Sendable {
    /// Hands over the scrapes of a target that stand behind `cursor`, oldest first.
    ///
    /// Ends where `take` returns false (that scrape counts as read all the same), or at the first bytes that are missing and
    /// may still come: what is behind them would be out of order. Ranges that will never come are passed over, and so are
    /// records that cannot be decoded, which count as skipped.
    ///
    /// - Parameters:
    ///   - cursor: nil for a reader that has read nothing yet: it gets the newest scrape alone.
    ///   - oldest: scrapes before this time (agent's clock, milliseconds since the Unix epoch) are skipped and counted.
    /// - Returns: where the next call goes on, and how many scrapes were skipped.
    func read(
        _ target: TargetID, after cursor: HistoryCursor?, notBefore oldest: Int64, _ take: (HistoryScrape) -> Bool
    ) throws -> HistoryReading

    /// The scrape that was in force at a time (agent's clock, milliseconds since the Unix epoch): the last one of the
    /// target that had been started by then. Nil when it is not kept.
    func scrape(of target: TargetID, at time: Int64) throws -> HistoryScrape?

    /// Scrapes of a target behind a cursor that are kept, and the time of the oldest of them.
    func backlog(of target: TargetID, after cursor: HistoryCursor) -> (scrapes: Int, oldest: Int64?)
}
