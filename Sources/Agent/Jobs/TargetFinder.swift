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
    private var onTaken: (() -> Void)?
    /// A list is being made; what changed since.
    private var isListing = false
    private var isStale = false
    /// Problems told at a time: a list of targets may be long, and all of them wrong.
    private static let maximumProblems = 20
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
                makeClient: makeClient, onChange: { [weak self] in self?.changed() },
                onFailures: { job, count in metrics.failures[job].increment(by: count) },
                onProblem: { job, sentence in
                    logger.warning("discovery: \(sentence)", metadata: ["job": "\(job)"])
                }))
    }

    /// The targets of these jobs from now on; `onTargets` is called before it returns.
    func begin(_ settings: AgentSettings) {
        self.settings = settings
        discovery?.update(settings)
        take(TargetList(settings, found: discovery?.groups ?? [:]))
    }

    /// The targets of these jobs instead, as soon as their list is made; `onTaken` is called behind `onTargets` then.
    func use(_ settings: AgentSettings, _ onTaken: @escaping () -> Void) {
        self.settings = settings
        self.onTaken = onTaken
        discovery?.update(settings)
        changed()
    }

    /// What sources of targets are asked with changed.
    func reload(_ means: (HTTPSDConfig) -> (tls: TLSContext?, settings: HTTPClientSettings)) {
        discovery?.reload(means)
    }

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
        let fresh = problems.filter { !told.contains($0) }
        for problem in fresh.prefix(Self.maximumProblems) { logger.warning("\(problem)") }
        if fresh.count > Self.maximumProblems {
            logger.warning(
                "more targets like these cannot be scraped: culvert check --print-targets shows all",
                metadata: ["count": "\(fresh.count - Self.maximumProblems)"])
        }
        told = Set(problems)
        metrics.set(list)
        onTargets(list.targets)
        let onTaken = onTaken
        self.onTaken = nil
        onTaken?()
    }
}
