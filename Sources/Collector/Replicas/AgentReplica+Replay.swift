import ScrapeCodec
import ScrapeLog
import Synchronization
import Views

// How what is kept comes to be shown: after a start, and after older bytes have arrived behind newer ones.
extension AgentReplica {
    /// Applies the newest segments, as many as most targets need for their newest scrape. Blocks.
    func replay(_ history: ReplicaHistory) throws {
        let plan = ReplayPlan(self, history)
        try state.withLock { state in
            var applier = state.applier
            applier.beginReplay()
            for segment in plan.segments {
                try state.log.forEachRecord(in: segment) { record in applier.apply(record, arrived: nil) }
            }
            applier.endReplay()
            state.applier = applier
            state.newest = try ReplicaState.end(of: state.log)
        }
    }

    /// Shows the newest scrape of every target that is kept and newer than the one that is shown: those that stand in
    /// segments which were not replayed, or in a backlog. Blocks.
    func catchUp(_ history: ReplicaHistory) {
        let shown = store.targets(of: agent).map { ($0.id, $0.newest?.record.timestamp ?? .min) }
        let publisher = ScrapePublisher(agent: agent, store: store)
        for (id, scrape) in history.newest(of: shown) {
            let cursor = scrape.cursor
            let rendering = ScrapeRendering { [weak history] in
                guard let body = try history?.body(of: id, at: cursor) else {
                    throw ScrapeCodecError(code: .superseded, message: "the scrape is not kept any more")
                }
                return body
            }
            // What arrives meanwhile is newer.
            state.withLock { _ in
                guard store.target(id)?.newest?.record.timestamp ?? .min < scrape.summary.timestamp else { return }
                let newest = agent.current.newestScrape
                _ = publisher.publish(id, scrape.summary, rendering, nil)
                agent.update { $0.newestScrape = max(newest ?? .min, $0.newestScrape ?? .min) }
            }
        }
    }

    /// Whether a backlog has arrived that may hold the newest scrapes of some targets.
    var isCatchUpDue: Bool { state.withLock { $0.isCatchUpDue } }

    /// Once nothing more is missing, shows what a backlog has brought for targets that nothing came for since. Blocks.
    func catchUpIfComplete() {
        guard let history else { return }
        let isDue = state.withLock { state in
            defer { if state.isCatchUpDue { state.hasOlder = false } }
            return state.isCatchUpDue
        }
        if isDue { catchUp(history) }
    }
}
