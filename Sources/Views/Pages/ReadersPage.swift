/// `/api/v1/readers`: who reads history, how far behind, and what was kept from them. Reads the disk.
enum ReadersPage {
    static func render(_ history: History, _ store: TargetStore) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.string("status", "success")
            json.key("data")
            json.object { json in
                json.key("readers")
                json.array { json in
                    for overview in history.overviews { write(overview, history, store, into: &json) }
                }
            }
        }
        return json.bytes
    }

    private static func write(
        _ overview: History.Overview, _ history: History, _ store: TargetStore, into json: inout JSONWriter
    ) {
        let settings = overview.settings
        let totals = history.metrics.totals(settings.name)
        let unread = overview.cursors.reduce(0) { sum, entry in
            guard let source = store.target(entry.target)?.agent.history else { return sum }
            return sum + source.backlog(of: entry.target, after: entry.cursor).scrapes
        }
        json.object { json in
            json.string("name", settings.name)
            json.string("key", settings.isKeyedByAddress ? "address" : "")
            json.string("address", overview.address)
            json.string("maxAge", DurationText.prometheus(milliseconds: settings.maxAge))
            json.key("targets")
            json.number(Int64(overview.cursors.count))
            json.key("lagSeconds")
            json.number(overview.cursors.map { history.lag(of: $0.target, at: $0.cursor) }.max() ?? 0)
            json.key("unreadScrapes")
            json.number(Int64(unread))
            // Of all addresses of the reader together, since the collector's start.
            json.key("readScrapes")
            json.number(Int64(totals.given))
            json.key("skippedScrapes")
            json.number(Int64(totals.skipped))
            json.key("rejectedScrapes")
            json.number(Int64(totals.rejected))
            json.string("lastRead", TimeText.rfc3339(milliseconds: overview.lastRead))
        }
    }
}
