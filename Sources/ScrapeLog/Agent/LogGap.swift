/// A range that a collector will never get, and what was in it.
package struct LogGap: Sendable, Hashable {
    package var range: LogRange
    /// Scrapes in the range; 0 when they could not be counted.
    package var scrapes: UInt32
    /// One sentence for people: printable, without a line break.
    package var reason: String

    package init(range: LogRange, scrapes: UInt32, reason: String) {
        self.range = range
        self.scrapes = scrapes
        self.reason = reason
    }
}
