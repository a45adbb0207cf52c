import Views

/// What the readers of the history still want of what is kept. Its functions are called on a thread that may block.
struct HistoryDemand: Sendable {
    /// The least of all readers' cursors with the targets of an agent of this name: what was scraped at or before its time
    /// is needed no more. Nil when there is nobody to wait for.
    var oldestUnread: @Sendable (_ agent: String) -> HistoryCursor?
    /// All readers' cursors with the targets of an agent.
    var cursors: @Sendable (_ agent: String) -> [(reader: String, target: TargetID, cursor: HistoryCursor)]
    /// Told how many scrapes had to be deleted that a reader had not read.
    var deleted: @Sendable (_ scrapes: Int, _ reader: String) -> Void

    /// Tells each reader what of its unread scrapes is gone.
    func report(_ gone: [TargetID: [HistoryCursor]], of agent: String) {
        guard !gone.isEmpty else { return }
        var counts: [String: Int] = [:]
        for (reader, target, cursor) in cursors(agent) {
            counts[reader, default: 0] += gone[target]?.count { $0.time > cursor.time } ?? 0
        }
        for (reader, count) in counts where count > 0 { deleted(count, reader) }
    }
}
