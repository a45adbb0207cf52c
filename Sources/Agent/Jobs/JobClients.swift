import HTTPClient
import Relabeling
import SeriesRules
import Settings
import TLS

/// What the requests of all jobs show and believe, as the files say at one moment: certificates, trust, and headers with
/// credentials; and what is asked of what comes back. Jobs with equal TLS settings share a context: reading the system's roots takes tens of milliseconds.
struct JobClients: Sendable {
    private struct Headers: Sendable, Equatable {
        var names: [String] = []
        var values: [String] = []
    }

    private var contexts: [ClientTLS: TLSContext] = [:]
    private var tls: [String: ClientTLS] = [:]
    private var headers: [String: Headers] = [:]
    private var stamps: [String: FileStamp?] = [:]
    private var policies: [String: SeriesPolicy] = [:]
    private var proxies: [ClientProxy: ProxyRules] = [:]
    private var jobProxies: [String: ClientProxy] = [:]
    private var failureLogs: [String: String] = [:]
    private let addresses: AddressPolicy
    private let settings: AgentSettings

    /// Reads all files. Blocks.
    ///
    /// - Parameters:
    ///   - environment: the process', for `proxy_from_environment`.
    ///   - before: what was in force; where its files are the same, so are connections.
    /// - Throws: `TLSError` or `SettingsError` naming what is wrong.
    init(_ settings: AgentSettings, environment: [String: String], after before: JobClients? = nil) throws {
        self.settings = settings
        addresses = try Self.checked(settings, "policy") { () throws(HTTPClientError) in try settings.policy.addresses()
        }
        let denied = settings.policy.denyRules
        for job in settings.scrapeConfigs {
            let own = job.tlsConfig ?? ClientTLS()
            tls[job.jobName] = own
            for tls in [own] + job.httpSDConfigs.map({ $0.tlsConfig ?? ClientTLS() }) where contexts[tls] == nil {
                // Looked at before they are read: a change in between is seen the next time.
                let now = Self.stamps(tls.files)
                let isSame = now.allSatisfy { before?.stamps[$0.key] == $0.value }
                contexts[tls] = try (isSame ? before?.contexts[tls] : nil) ?? tls.makeContext()
                stamps.merge(now) { $1 }
            }
            headers[job.jobName] = try Self.headers(of: job)
            policies[job.jobName] = job.seriesPolicy(denying: denied)
            jobProxies[job.jobName] = job.proxy
            failureLogs[job.jobName] = job.scrapeFailureLogFile
            for proxy in [job.proxy] + job.httpSDConfigs.map(\.proxy) {
                guard let proxy else { continue }
                proxies[proxy] = try Self.checked(settings, "job \(job.jobName.debugDescription)") {
                    () throws(HTTPClientError) in try proxy.rules(environment)
                }
            }
        }
    }

    /// What the client's room says against a configuration, as a problem of the file.
    private static func checked<Value>(
        _ settings: AgentSettings, _ culprit: String, _ body: () throws(HTTPClientError) -> Value
    ) throws(SettingsError) -> Value {
        do throws(HTTPClientError) {
            return try body()
        } catch {
            throw SettingsError(code: .invalidValue, file: settings.file, message: "\(culprit): \(error.message)")
        }
    }

    private static func headers(of job: ScrapeConfig) throws(SettingsError) -> Headers {
        let all = try job.clientHeaders()
        return Headers(names: all.map(\.0), values: all.map(\.1))
    }

    /// What the files say now; nil when nothing changed. What cannot be read or used stays as it was, and is named. Blocks.
    func refreshed() -> (fresh: JobClients?, problems: [String]) {
        var fresh = self
        var problems: [String] = []
        var hasChanged = false
        for tls in contexts.keys {
            let now = Self.stamps(tls.files)
            guard now.contains(where: { stamps[$0.key] != $0.value }) else { continue }
            do {
                fresh.contexts[tls] = try tls.makeContext()
                fresh.stamps.merge(now) { $1 }
                hasChanged = true
            } catch {
                problems.append("\(error)")
            }
        }
        for job in settings.scrapeConfigs {
            do throws(SettingsError) {
                let now = try Self.headers(of: job)
                guard now != headers[job.jobName] else { continue }
                fresh.headers[job.jobName] = now
                hasChanged = true
            } catch {
                problems.append(error.description)
            }
        }
        return (hasChanged ? fresh : nil, problems)
    }

    private static func stamps(_ files: [String]) -> [String: FileStamp?] {
        Dictionary(files.map { ($0, FileStamp($0)) }, uniquingKeysWith: { first, _ in first })
    }

    func context(for target: Target) -> TLSContext? { tls[target.jobName].flatMap { contexts[$0] } }

    func context(for config: HTTPSDConfig) -> TLSContext? { contexts[config.tlsConfig ?? ClientTLS()] }

    /// The name a target's certificate must carry, when it is not the host of its address.
    func serverName(for target: Target) -> String? { tls[target.jobName]?.serverName }

    /// Who may be dialled for a target, and through which proxy.
    func network(for target: Target) -> HTTPClientSettings { network(through: jobProxies[target.jobName]) }

    func network(for config: HTTPSDConfig) -> HTTPClientSettings { network(through: config.proxy) }

    private func network(through proxy: ClientProxy?) -> HTTPClientSettings {
        HTTPClientSettings(policy: addresses, proxy: proxy.flatMap { proxies[$0] } ?? ProxyRules())
    }

    /// Where failed scrapes of a job are noted; nil: nowhere.
    func failureLog(of job: String) -> String? { failureLogs[job] }

    /// A client for a source of targets.
    func makeClient(for config: HTTPSDConfig, _ means: HTTPClientMeans) -> HTTPClient {
        HTTPClient(
            means: means, tls: context(for: config), serverName: config.tlsConfig?.serverName,
            settings: network(for: config))
    }

    /// What the job asks of the series of a target; nil leaves them alone.
    func policy(for target: Target) -> SeriesPolicy? { policies[target.jobName] }

    /// The headers that the job adds to every scrape.
    func headers(for target: Target) -> [(String, String)] {
        guard let headers = headers[target.jobName] else { return [] }
        return Array(zip(headers.names, headers.values))
    }
}
