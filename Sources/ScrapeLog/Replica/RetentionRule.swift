/// What of a replica is kept, and what may go.
package struct RetentionRule: Sendable, Hashable {
    /// What arrived at this time or later stays, read or not; milliseconds since the Unix epoch, collector's clock.
    package var arrivedBefore: Int64
    /// All known readers have read what was scraped at this time or before, or pass it over because it is too old for them;
    /// what is newer stays. Nil when there is no reader. Milliseconds since the Unix epoch, agent's clock.
    package var readUntil: Int64?
    /// More than this goes all the same: what has been read first, then the oldest.
    package var maximumBytes: UInt64

    package init(arrivedBefore: Int64, readUntil: Int64? = nil, maximumBytes: UInt64 = .max) {
        self.arrivedBefore = arrivedBefore
        self.readUntil = readUntil
        self.maximumBytes = maximumBytes
    }
}
