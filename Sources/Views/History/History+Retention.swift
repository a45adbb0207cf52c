import Synchronization

/// What readers ask of retention.
extension History {
    /// The least of all cursors with an agent's targets: what has to be kept for readers begins behind it. Nil when nobody
    /// reads this agent.
    ///
    /// Its position is the least in its epoch; of several epochs it is the one whose scrapes are the oldest. Its time is
    /// raised to what the reader's `max_age` lets it still be given: nothing at or before `time` is needed, and nothing at
    /// or before the position.
    package func oldestUnread(agent name: String) -> HistoryCursor? {
        var least: [UInt64: HistoryCursor] = [:]
        for (_, _, cursor) in cursors(agent: name) {
            guard let known = least[cursor.epoch] else {
                least[cursor.epoch] = cursor
                continue
            }
            least[cursor.epoch]?.offset = min(known.offset, cursor.offset)
            least[cursor.epoch]?.time = min(known.time, cursor.time)
        }
        return least.values.min { $0.time < $1.time }
    }

    /// The cursors of all readers with an agent's targets, each with its time raised as ``oldestUnread(agent:)`` says.
    package func cursors(agent name: String) -> [(reader: String, target: TargetID, cursor: HistoryCursor)] {
        let now = store.wallClock()
        let agent = store.agent(name)
        let readers = state.withLock { Array($0.readers.values) }
        var cursors: [(reader: String, target: TargetID, cursor: HistoryCursor)] = []
        for reader in readers {
            let limit = now.subtractingReportingOverflow(reader.settings.maxAge).partialValue
            let oldest = agent?.scrapeTime(limit) ?? limit
            for place in reader.places.values {
                for (target, entry) in place.targets where entry.agent == name {
                    guard var cursor = entry.cursor.read else { continue }
                    cursor.checkpoint = nil
                    cursor.time = max(cursor.time, oldest)
                    cursors.append((reader.settings.name, target, cursor))
                }
            }
        }
        return cursors
    }

    /// Scrapes were deleted that a reader had not read.
    package func deleted(_ scrapes: Int, unreadBy reader: String) {
        guard isDeclared(reader) else { return }
        metrics.deleted(reader, scrapes)
    }
}
