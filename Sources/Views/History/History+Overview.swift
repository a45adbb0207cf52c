import ScrapeCodec
import Synchronization

extension History {
    /// One declared reader, as it is seen from outside.
    struct Overview: Sendable {
        var settings: HistoryReader
        /// Empty for a reader that is not keyed; else the address.
        var key: String
        /// The address it last read from.
        var address: String
        var cursors: [(target: TargetID, cursor: HistoryCursor)]
        /// Milliseconds since the Unix epoch.
        var lastRead: Int64?
    }

    /// Every reader, and every address of those that are keyed.
    var overviews: [Overview] {
        state.withLock { state in
            state.names.compactMap { state.readers[$0] }.flatMap { reader -> [Overview] in
                let places = reader.places.sorted { $0.key < $1.key }
                guard !places.isEmpty else {
                    return [Overview(settings: reader.settings, key: "", address: "", cursors: [], lastRead: nil)]
                }
                return places.map { key, place in
                    Overview(
                        settings: reader.settings, key: key, address: key.isEmpty ? reader.lastAddress : key,
                        cursors: place.targets.compactMap { id, entry in entry.cursor.read.map { (id, $0) } },
                        lastRead: place.targets.values.map(\.lastRead).max())
                }
            }
        }
    }

    var lags: [([String], Double)] {
        var greatest: [String: Double] = [:]
        for overview in overviews {
            let most = overview.cursors.map { lag(of: $0.target, at: $0.cursor) }.max() ?? 0
            greatest[overview.settings.name] = max(greatest[overview.settings.name] ?? 0, most)
        }
        return greatest.sorted { $0.key < $1.key }.map { ([$0.key], $0.value) }
    }

    /// How far a cursor is behind its target's newest scrape, in seconds.
    func lag(of target: TargetID, at cursor: HistoryCursor) -> Double {
        guard let newest = store.target(target)?.newest?.record.timestamp, newest > cursor.time else { return 0 }
        return Double(newest.subtractingReportingOverflow(cursor.time).partialValue) / 1000
    }
}
