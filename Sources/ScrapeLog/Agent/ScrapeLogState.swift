/// How the agent's log is doing.
package enum ScrapeLogState: Sendable, Hashable {
    /// Appending to the storage that was configured.
    case normal
    /// The disk failed: appending to a bounded ring in memory, under a new epoch, until `recover` succeeds.
    case memory(reason: String)
}
