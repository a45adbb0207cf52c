/// What a pass over a target's history came to.
package struct HistoryReading: Sendable {
    /// Where the next pass goes on; nil when the target has no scrape yet.
    package var cursor: HistoryCursor?
    /// Scrapes passed over because they were too old, and because they could not be read.
    package var skipped: Int
    package var unreadable: Int

    package init(cursor: HistoryCursor?, skipped: Int = 0, unreadable: Int = 0) {
        self.cursor = cursor
        self.skipped = skipped
        self.unreadable = unreadable
    }
}
