package import HTTPClient
package import NIOCore
package import NIOPosix
package import Relabeling
package import Settings
package import TLS

/// Runs what finds targets for all jobs, and tells when what they found changed, every five seconds at most.
///
/// Owns the providers; those whose configuration stays the same go on through a reload, with what they found. Confined to
/// its event loop.
package final class DiscoveryManager {
    /// What the manager asks of its owner. All calls come on the event loop.
    package struct Callbacks {
        /// Makes a client for one `http_sd_configs` entry; it is closed by the manager.
        package var makeClient: (HTTPSDConfig) -> HTTPClient
        /// `groups` changed.
        package var onChange: () -> Void
        /// So many times something went wrong, be it told or not.
        package var onFailures: (_ job: String, _ count: Int) -> Void
        /// One sentence for the log; the same one is not repeated while it stays true.
        package var onProblem: (_ job: String, _ sentence: String) -> Void

        package init(
            makeClient: @escaping (HTTPSDConfig) -> HTTPClient, onChange: @escaping () -> Void,
            onFailures: @escaping (_ job: String, _ count: Int) -> Void,
            onProblem: @escaping (_ job: String, _ sentence: String) -> Void
        ) {
            self.makeClient = makeClient
            self.onChange = onChange
            self.onFailures = onFailures
            self.onProblem = onProblem
        }
    }

    /// What makes a provider the same one after a reload.
    private enum Source: Hashable {
        case files(job: String, [FileSDConfig])
        case http(job: String, HTTPSDConfig, copy: Int)
        case dns(job: String, DNSSDConfig, copy: Int)

        var job: String {
            switch self {
            case .files(let job, _), .http(let job, _, _), .dns(let job, _, _): job
            }
        }

        /// Whose place another one of the same kind and job takes.
        var heir: String {
            switch self {
            case .files(let job, _): "file \(job)"
            case .http(let job, _, _): "http \(job)"
            case .dns(let job, _, _): "dns \(job)"
            }
        }
    }

    private struct Entry {
        var provider: any DiscoveryProvider
        var groups: [TargetGroup] = []
    }

    /// Between two changes that are told, as in Prometheus.
    package static let pause = TimeAmount.seconds(5)

    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private let version: String
    private let callbacks: Callbacks
    private var entries: [Source: Entry] = [:]
    private var order: [Source] = []
    private var toldAt: NIODeadline?
    private var timer: Scheduled<Void>?
    private var isUpdating = false
    private var isStopped = false

    package init(
        eventLoop: any EventLoop, threadPool: NIOThreadPool, version: String, callbacks: Callbacks
    ) {
        self.eventLoop = eventLoop
        self.threadPool = threadPool
        self.version = version
        self.callbacks = callbacks
    }

    /// What has been found so far, by job.
    package var groups: [String: [TargetGroup]] {
        var groups: [String: [TargetGroup]] = [:]
        for source in order { groups[source.job, default: []] += entries[source]?.groups ?? [] }
        return groups
    }

    /// Whether every source has been asked and has answered, be it with a problem.
    package var isSettled: Bool { entries.values.allSatisfy(\.provider.isSettled) }

    /// Looks for the targets of these jobs from now on. What can be known at once is in `groups` afterwards; it is not told.
    package func update(_ settings: AgentSettings) {
        eventLoop.preconditionInEventLoop()
        guard !isStopped else { return }
        isUpdating = true
        defer { isUpdating = false }
        order = settings.scrapeConfigs.flatMap(Self.sources)
        let wanted = Set(order)
        var replaced: [String: [TargetGroup]] = [:]
        for (source, entry) in entries where !wanted.contains(source) {
            entries[source] = nil
            entry.provider.stop()
            replaced[source.heir, default: []] += entry.groups
        }
        for source in order where entries[source] == nil {
            let provider = provider(of: source)
            entries[source] = Entry(provider: provider)
            // Until the one that takes a place has found something, what was found there before stays.
            entries[source]?.groups = replaced.removeValue(forKey: source.heir) ?? []
            provider.start { [weak self] report in self?.receive(report, from: source) }
        }
    }

    private static func sources(of job: ScrapeConfig) -> [Source] {
        var sources: [Source] = []
        if !job.fileSDConfigs.isEmpty { sources.append(.files(job: job.jobName, job.fileSDConfigs)) }
        // Equal ones are told apart by their number alone: what stands before another one says nothing of it.
        for (index, config) in job.httpSDConfigs.enumerated() {
            let copy = job.httpSDConfigs[..<index].count { $0 == config }
            sources.append(.http(job: job.jobName, config, copy: copy))
        }
        for (index, config) in job.dnsSDConfigs.enumerated() {
            let copy = job.dnsSDConfigs[..<index].count { $0 == config }
            sources.append(.dns(job: job.jobName, config, copy: copy))
        }
        return sources
    }

    private func provider(of source: Source) -> any DiscoveryProvider {
        switch source {
        case .files(_, let configs): FileProvider(configs, eventLoop: eventLoop, threadPool: threadPool)
        case .http(_, let config, _):
            HTTPProvider(
                config, client: callbacks.makeClient(config), version: version, eventLoop: eventLoop,
                threadPool: threadPool)
        case .dns(_, let config, _): DNSProvider(config, eventLoop: eventLoop)
        }
    }

    private func receive(_ report: DiscoveryReport, from source: Source) {
        guard entries[source] != nil, !isStopped else { return }
        if report.failures > 0 { callbacks.onFailures(source.job, report.failures) }
        for problem in report.problems { callbacks.onProblem(source.job, problem) }
        guard let groups = report.groups else { return }
        entries[source]?.groups = groups
        if !isUpdating { changed() }
    }

    private func changed() {
        guard timer == nil else { return }
        let now = NIODeadline.now()
        guard let toldAt, now < toldAt + Self.pause else { return tell() }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: toldAt + Self.pause) {
            self.timer = nil
            self.tell()
        }
    }

    private func tell() {
        guard !isStopped else { return }
        toldAt = .now()
        callbacks.onChange()
    }

    /// Certificates, policy or proxies changed: sources are asked with these from now on.
    package func reload(_ means: (HTTPSDConfig) -> (tls: TLSContext?, settings: HTTPClientSettings)) {
        for (source, entry) in entries {
            guard case .http(_, let config, _) = source else { continue }
            (entry.provider as? HTTPProvider)?.reload(means(config))
        }
    }

    /// Ends all providers; no more calls.
    package func stop() {
        eventLoop.preconditionInEventLoop()
        isStopped = true
        timer?.cancel()
        for entry in entries.values { entry.provider.stop() }
        entries = [:]
        order = []
    }
}
