import NIOCore
import NIOPosix
import Synchronization

/// All simulated targets of the process, what was fetched from them, and who is told of it.
final class Fleet: Sendable {
    /// What was fetched since start.
    struct Counters: Sendable {
        var scrapes = 0
        var samples = 0
        /// Bytes of bodies as they went over the socket.
        var bodyBytes = 0
        /// Targets that were fetched at least once.
        var seen: Set<Int> = []
    }

    private let targets: [SimulatedTarget]
    private let threads: NIOThreadPool
    private let counters = Mutex(Counters())
    /// Measures how old data is at the collector; idle until it is started.
    let probe: AgeProbe

    /// A fleet of `targets`, whose next bodies are made on `threads`.
    init(targets: [SimulatedTarget], threads: NIOThreadPool, probe: AgeProbe) {
        self.targets = targets
        self.threads = threads
        self.probe = probe
    }

    /// The body of a scrape of target `index`; nil when there is no such target.
    func body(of index: Int) throws -> RenderedBody? {
        guard targets.indices.contains(index) else { return nil }
        return try targets[index].take()
    }

    /// Target `index` has written `body` to its socket, `bytes` of it: the scrape is over.
    func served(_ index: Int, _ body: RenderedBody, bytes: Int) {
        probe.served(index, body)
        counters.withLock { counters in
            counters.scrapes += 1
            counters.samples += body.samples
            counters.bodyBytes += bytes
            counters.seen.insert(index)
        }
        threads.submit { [targets] state in
            guard case .active = state else { return }
            // A failure shows at the next scrape, as a 500.
            try? targets[index].prepare()
        }
    }

    /// The counters as JSON.
    func report() -> String {
        let now = counters.withLock { $0 }
        return """
            {"scrapes": \(now.scrapes), "samples": \(now.samples), "body_bytes": \(now.bodyBytes), \
            "targets": \(targets.count), "targets_seen": \(now.seen.count)}
            """
    }
}
