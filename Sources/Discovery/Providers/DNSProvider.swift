import NIOCore
import Relabeling
import Settings

/// Looks up the names of one `dns_sd_configs` entry, again and again.
///
/// Owns the look-ups under way and what each name led to last: one that fails keeps that, one that does not exist any
/// more, or has no records any more, loses it.
final class DNSProvider: DiscoveryProvider {
    private let config: DNSSDConfig
    private let eventLoop: any EventLoop
    private let resolvConf: String
    /// Each once, in the order of the configuration.
    private let names: [String]
    private var configuration: ResolvConf?
    private var waiting: CircularBuffer<String> = []
    private var running: [String: DNSResolution] = [:]
    private var found: [String: [TargetGroup]] = [:]
    private var hasNews = false
    /// The problem of each name, or of resolv.conf under the empty one, that was told last.
    private var problems: [String: String] = [:]
    private var untold: [String] = []
    /// What went wrong since the last report.
    private var failures = 0
    private(set) var isSettled = false
    private var report: ((DiscoveryReport) -> Void)?
    private var timer: Scheduled<Void>?
    private var settling: Scheduled<Void>?

    /// Look-ups at a time: each has a socket.
    private static let maximumRunning = 64
    /// How long a change waits for the other names.
    private static let patience = TimeAmount.seconds(1)
    /// Problems told at a time: a dead server would fill the log.
    private static let maximumProblems = 8

    /// - Parameter resolvConf: the path of the file that names servers and search list; it is read for every round.
    init(_ config: DNSSDConfig, eventLoop: any EventLoop, resolvConf: String = "/etc/resolv.conf") {
        self.config = config
        self.eventLoop = eventLoop
        self.resolvConf = resolvConf
        var seen: Set<String> = []
        names = config.names.filter { seen.insert($0).inserted }
    }

    func start(_ report: @escaping (DiscoveryReport) -> Void) {
        self.report = report
        lookUpAll()
    }

    func stop() {
        report = nil
        timer?.cancel()
        settling?.cancel()
        for resolution in running.values { resolution.cancel() }
        running = [:]
        waiting = []
    }

    /// Names whose last look-up still goes on are left to it.
    private func lookUpAll() {
        // The loop may have taken the timer out already when it was cancelled.
        guard report != nil else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(config.refreshInterval)) { self.lookUpAll() }
        do throws(DNSError) {
            configuration = try ResolvConf.read(resolvConf)
            problems[""] = nil
        } catch {
            note(error.message, of: "")
            return settle()
        }
        let busy = Set(running.keys).union(waiting)
        waiting += names.filter { !busy.contains($0) }
        lookUpMore()
    }

    private func lookUpMore() {
        while running.count < Self.maximumRunning, let configuration, let name = waiting.popFirst() {
            do throws(DNSError) {
                let lookup = try DNSLookup(name, type: config.type.number, configuration: configuration)
                let resolution = DNSResolution(lookup, eventLoop: eventLoop) { self.finish(name, $0) }
                running[name] = resolution
                resolution.start()
            } catch {
                note(error.message, of: name)
            }
        }
        settle()
    }

    private func finish(_ name: String, _ result: Result<[DNSRecord], DNSError>) {
        running[name] = nil
        switch result {
        case .success(let records):
            problems[name] = nil
            let groups = DNSTargets.groups(of: name, records, config: config)
            // That there is nothing is news too, the first time.
            if found[name] != groups { hasNews = true }
            found[name] = groups
        case .failure(let error): note(error.message, of: name)
        }
        lookUpMore()
    }

    private func note(_ problem: String, of name: String) {
        failures += 1
        guard problems[name] != problem else { return }
        problems[name] = problem
        untold.append((name.isEmpty ? "" : "\(name.debugDescription): ") + problem)
    }

    /// What belongs together is told together, but not later than a second after the first of it.
    private func settle() {
        if running.isEmpty, waiting.isEmpty {
            isSettled = true
            return tellNews()
        }
        guard settling == nil, hasNews || !untold.isEmpty else { return }
        settling = eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { self.tellNews() }
    }

    private func tellNews() {
        settling?.cancel()
        settling = nil
        guard hasNews || failures > 0 else { return }
        var sentences = untold.prefix(Self.maximumProblems).map {
            "dns_sd_configs: \($0); what was found before stays"
        }
        if untold.count > sentences.count {
            sentences.append("dns_sd_configs: \(untold.count - sentences.count) more problems like these")
        }
        let groups = hasNews ? names.flatMap { found[$0] ?? [] } : nil
        untold = []
        hasNews = false
        let count = failures
        failures = 0
        report?(DiscoveryReport(groups: groups, failures: count, problems: sentences))
    }
}
