import HTTPClient
import NIOCore
import NIOPosix
import Relabeling
import Settings
import TLS

/// Asks one URL for groups of targets, again and again.
final class HTTPProvider: DiscoveryProvider {
    private let config: HTTPSDConfig
    private let client: HTTPClient
    private let version: String
    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private var timer: Scheduled<Void>?
    private var groups: [TargetGroup]?
    /// The problem told last: the same one is not told again.
    private var problem: String?
    private var isStopped = false
    private(set) var isSettled = false

    /// Bytes of an answer; a list of 100,000 targets is a tenth of it.
    private static let bodyLimit = 64 << 20

    init(
        _ config: HTTPSDConfig, client: HTTPClient, version: String, eventLoop: any EventLoop,
        threadPool: NIOThreadPool
    ) {
        self.config = config
        self.client = client
        self.version = version
        self.eventLoop = eventLoop
        self.threadPool = threadPool
    }

    func start(_ report: @escaping (DiscoveryReport) -> Void) { ask(report) }

    func stop() {
        isStopped = true
        timer?.cancel()
        client.close()
    }

    /// Other certificates, policy and proxy, from the next request on.
    func reload(_ means: (tls: TLSContext?, settings: HTTPClientSettings)) {
        client.replaceTLS(means.tls, serverName: config.tlsConfig?.serverName)
        client.replaceSettings(means.settings)
    }

    private func ask(_ report: @escaping (DiscoveryReport) -> Void) {
        // A timer that was due already comes although it was cancelled.
        guard !isStopped else { return }
        let next = NIODeadline.now() + TimeAmount.milliseconds(config.refreshInterval)
        let (config, version) = (config, version)
        // Its secrets may be in files, and those on a disk that hangs.
        threadPool.runIfActive(eventLoop: eventLoop) { try Self.makeRequest(config, version) }
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let request): self.send(request, until: next, report)
                case .failure(let error):
                    self.askAgain(at: next, report)
                    self.tell("\(error)", report)
                }
            }
    }

    private func send(
        _ request: HTTPRequest, until next: NIODeadline, _ report: @escaping (DiscoveryReport) -> Void
    ) {
        guard !isStopped else { return }
        client.get(
            request, deadline: next, bodyLimit: Self.bodyLimit, followRedirects: config.followRedirects
        ) { result in
            // Not before: one request at a time.
            self.askAgain(at: next, report)
            switch result {
            case .success(let answer): self.read(answer, report)
            case .failure(let error): self.tell(error.message, report)
            }
        }
    }

    private func askAgain(at time: NIODeadline, _ report: @escaping (DiscoveryReport) -> Void) {
        guard !isStopped else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: max(time, .now())) { self.ask(report) }
    }

    /// Blocks on the files of its secrets.
    private static func makeRequest(_ config: HTTPSDConfig, _ version: String) throws -> HTTPRequest {
        var headers = [
            ("Accept", "application/json"), ("Accept-Encoding", "gzip"), ("User-Agent", "culvert/\(version)"),
            ("X-Prometheus-Refresh-Interval-Seconds", seconds(config.refreshInterval)),
        ]
        headers += try config.clientHeaders()
        return try HTTPRequest(try HTTPURL(parsing: config.url), headers: headers)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(Double(milliseconds) / 1000)"
    }

    private func read(_ answer: HTTPClientResponse, _ report: @escaping (DiscoveryReport) -> Void) {
        guard Self.isJSON(answer.contentType) else {
            return tell(
                "answered with Content-Type \(answer.contentType.debugDescription), not application/json", report)
        }
        let (url, body) = (config.url, answer.body)
        threadPool.runIfActive(eventLoop: eventLoop) { () -> Result<[TargetGroup], SettingsProblems> in
            do throws(SettingsProblems) {
                let groups = try TargetGroupFile.parse(json: Array(body.readableBytesView), from: url)
                return .success(groups.map { $0.found(at: url) })
            } catch {
                return .failure(error)
            }
        }.assumeIsolated().whenSuccess { result in
            guard !self.isStopped else { return }
            switch result {
            case .success(let groups): self.found(groups, report)
            case .failure(let error): self.tell(error.problems.map(\.message).joined(separator: "; "), report)
            }
        }
    }

    /// As Prometheus: `application/json`, perhaps with `charset=utf-8`, nothing else.
    static func isJSON(_ contentType: String) -> Bool {
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        guard parts.first == "application/json" else { return false }
        return parts.count == 1 || (parts.count == 2 && ["charset=utf-8", "charset=\"utf-8\""].contains(parts[1]))
    }

    private func found(_ groups: [TargetGroup], _ report: (DiscoveryReport) -> Void) {
        problem = nil
        isSettled = true
        guard groups != self.groups else { return }
        self.groups = groups
        report(DiscoveryReport(groups: groups))
    }

    /// The URL may hold a secret in its query: only where it leads is told.
    private func tell(_ sentence: String, _ report: (DiscoveryReport) -> Void) {
        guard !isStopped else { return }
        isSettled = true
        guard sentence != problem else { return report(DiscoveryReport(failures: 1)) }
        problem = sentence
        let place = (try? HTTPURL(parsing: config.url)).map { "\($0)" } ?? "a URL that is none"
        report(
            DiscoveryReport(
                failures: 1, problems: ["http_sd_configs: \(place): \(sentence); what it said before stays"]))
    }
}

extension TargetGroup {
    fileprivate func found(at url: String) -> TargetGroup {
        var group = self
        group.labels["__meta_url"] = url
        return group
    }
}
