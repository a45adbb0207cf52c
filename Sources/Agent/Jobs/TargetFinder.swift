import Discovery
import HTTPClient
import Logging
import NIOCore
import NIOPosix
import PrometheusInstrumentation
import Relabeling
import Settings
import TLS

/// The targets of all jobs, as the configuration, what was discovered and the relabeling rules make them.
///
/// Owns discovery, and what was already said of targets that cannot be. Rules are applied on a thread that may block: ten
/// thousand targets take their time. Confined to its event loop.
final class TargetFinder {
    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private let logger: Logger
    private let metrics: DiscoveryMetrics
    private let onTargets: ([Target]) -> Void
    private var discovery: DiscoveryManager?
    private var settings: AgentSettings?
    /// A list is being made; what changed since.
    private var isListing = false
    private var isStale = false
    /// Told once, as long as they last.
    private var told: Set<String> = []

    /// - Parameters:
    ///   - makeClient: for one source of `http_sd_configs`.
    ///   - onTargets: called whenever the list may have changed.
    init(
        eventLoop: any EventLoop, threadPool: NIOThreadPool, version: String, logger: Logger,
        metrics: DiscoveryMetrics, makeClient: @escaping (HTTPSDConfig) -> HTTPClient,
        onTargets: @escaping ([Target]) -> Void
    ) {
        self.eventLoop = eventLoop
        self.threadPool = threadPool
        self.logger = logger
        self.metrics = metrics
        self.onTargets = onTargets
        discovery = DiscoveryManager(
            eventLoop: eventLoop, threadPool: threadPool, version: version,
            callbacks: .init(
                makeClient: makeClient, onChange: { [weak self] _ in self?.changed() },
                onProblem: { job, sentence in
                    metrics.failures[job].increment()
                    logger.warning("discovery: \(sentence)", metadata: ["job": "\(job)"])
                }))
    }

    /// The targets of these jobs from now on; `onTargets` is called before it returns.
    func use(_ settings: AgentSettings) {
        self.settings = settings
        discovery?.update(settings)
        // A list that is being made is one of the jobs before.
        isStale = isListing
        take(TargetList(settings, found: discovery?.groups ?? [:]))
    }

    /// Certificates for discovery changed.
    func reloadTLS(_ context: (HTTPSDConfig) -> TLSContext?) { discovery?.reloadTLS(context) }

    func stop() {
        discovery?.stop()
        discovery = nil
    }

    private func changed() {
        guard !isListing else { return isStale = true }
        guard let settings, let discovery else { return }
        isListing = true
        let found = discovery.groups
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        threadPool.runIfActive(eventLoop: eventLoop) { TargetList(settings, found: found) }
            .whenSuccess { list in
                let finder = bound.value
                finder.isListing = false
                guard !finder.isStale else {
                    finder.isStale = false
                    return finder.changed()
                }
                finder.take(list)
            }
    }

    private func take(_ list: TargetList) {
        let problems = list.problems.map(\.description)
        for problem in problems where !told.contains(problem) { logger.warning("\(problem)") }
        told = Set(problems)
        metrics.set(list)
        onTargets(list.targets)
    }
}
