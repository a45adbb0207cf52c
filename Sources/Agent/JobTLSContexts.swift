import Relabeling
import Settings
import TLS

/// The TLS contexts of jobs that scrape over HTTPS, made once at start.
final class JobTLSContexts: Sendable {
    private let contexts: [String: TLSContext]
    private let serverNames: [String: String]

    /// - Throws: `TLSError` naming the file that is wrong.
    init(_ settings: AgentSettings) throws {
        var contexts: [String: TLSContext] = [:]
        var serverNames: [String: String] = [:]
        for job in settings.scrapeConfigs {
            var configuration = TLSContextConfiguration(role: .client)
            if let tls = job.tlsConfig {
                configuration.certificateFile = tls.certFile
                configuration.keyFile = tls.keyFile
                configuration.certificateAuthorityFile = tls.caFile
                configuration.insecureSkipVerify = tls.insecureSkipVerify
                configuration.minimumVersion = tls.minVersion == .tls13 ? .tls13 : .tls12
                serverNames[job.jobName] = tls.serverName
            }
            contexts[job.jobName] = try TLSContext(configuration)
        }
        self.contexts = contexts
        self.serverNames = serverNames
    }

    func context(for target: Target) -> TLSContext? { contexts[target.jobName] }

    /// The name a target's certificate must carry, when it is not the host of its address.
    func serverName(for target: Target) -> String? { serverNames[target.jobName] }
}
