import Discovery
import HTTPClient
import NIOCore
import NIOPosix
import Relabeling
package import Settings

// What discovery and relabeling make of a configuration, for people.
extension AgentCheck {
    /// How long sources of targets are waited for.
    private static let patience = TimeAmount.seconds(20)

    /// Runs discovery once and says what becomes of every address: a line each, and its labels before and after
    /// relabeling.
    ///
    /// - Throws: what is wrong with the files that jobs name.
    package static func targets(
        _ settings: AgentSettings, version: String, environment: [String: String]
    ) async throws -> [String] {
        let clients = try JobClients(settings, environment: environment)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let threadPool = NIOThreadPool(numberOfThreads: 1)
        threadPool.start()
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: (list: TargetList, problems: [String]).self)
        eventLoop.execute {
            let survey = Survey(settings, clients, version: version, eventLoop: eventLoop, threadPool: threadPool)
            survey.run(until: .now() + Self.patience, promise)
        }
        let found = try? await promise.futureResult.get()
        try? await threadPool.shutdownGracefully()
        try? await group.shutdownGracefully()
        guard let found else { return [] }
        return found.problems.map { "problem: \($0)" }
            + settings.scrapeConfigs.flatMap {
                describe($0, found.list.traces.filter { [name = $0.jobName] in $0.job == name })
            }
    }

    private static func describe(_ job: ScrapeConfig, _ traces: [TargetTrace]) -> [String] {
        var counts = (scraped: 0, dropped: 0, rejected: 0)
        var lines: [String] = []
        for trace in traces {
            var after: String?
            switch trace.fate {
            case .scraped(let target):
                counts.scraped += 1
                lines.append("  scraped \(target.url.debugDescription)")
                if !target.refusal.isEmpty { lines.append("    but \(target.refusal)") }
                after = target.labels.description
            case .dropped(let rule):
                counts.dropped += 1
                let action = job.relabelConfigs[rule - 1].fields.action.rawValue
                lines.append("  dropped by rule \(rule) of relabel_configs (\(action))")
            case .joined: lines.append("  the same as another target of the job")
            case .rejected(let sentence):
                counts.rejected += 1
                lines.append("  rejected: \(sentence)")
            }
            lines.append("    before \(trace.discovered)")
            if let after { lines.append("    after  \(after)") }
        }
        let line =
            "job \(job.jobName.debugDescription): \(traces.count) found, \(counts.scraped) scraped, \(counts.dropped) dropped, "
            + "\(counts.rejected) rejected"
        return [line] + lines
    }
}

/// One look at all sources of targets. Confined to its event loop.
private final class Survey {
    private let settings: AgentSettings
    private let eventLoop: any EventLoop
    private var manager: DiscoveryManager?
    private var problems: [String] = []

    init(
        _ settings: AgentSettings, _ clients: JobClients, version: String, eventLoop: any EventLoop,
        threadPool: NIOThreadPool
    ) {
        self.settings = settings
        self.eventLoop = eventLoop
        let means = HTTPClientMeans(eventLoop: eventLoop, budget: BodyBudget())
        manager = DiscoveryManager(
            eventLoop: eventLoop, threadPool: threadPool, version: version,
            callbacks: .init(
                makeClient: { clients.makeClient(for: $0, means) }, onChange: {},
                onFailures: { _, _ in },
                onProblem: { [weak self] job, sentence in
                    self?.problems.append("job \(job.debugDescription): \(sentence)")
                }))
    }

    func run(until deadline: NIODeadline, _ promise: EventLoopPromise<(list: TargetList, problems: [String])>) {
        manager?.update(settings)
        look(until: deadline, promise)
    }

    private func look(until deadline: NIODeadline, _ promise: EventLoopPromise<(list: TargetList, problems: [String])>)
    {
        guard let manager else { return }
        if !manager.isSettled, NIODeadline.now() < deadline {
            eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { self.look(until: deadline, promise) }
            return
        }
        if !manager.isSettled { problems.append("some sources of targets did not answer in time") }
        promise.succeed((TargetList(settings, found: manager.groups, isTraced: true), problems))
        manager.stop()
        self.manager = nil
    }
}
