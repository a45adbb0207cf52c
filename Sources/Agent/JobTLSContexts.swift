import Relabeling
import Settings
import TLS

/// The TLS contexts of jobs that scrape over HTTPS. Jobs with equal settings share one: reading the
/// system's roots takes tens of milliseconds. Reads all files when it is made.
final class JobTLSContexts {
    private var contexts: [ClientTLS: TLSContext] = [:]
    private var settings: [String: ClientTLS] = [:]

    /// - Throws: `TLSError` naming the file that is wrong.
    init(_ settings: AgentSettings) throws {
        for job in settings.scrapeConfigs {
            let tls = job.tlsConfig ?? ClientTLS()
            self.settings[job.jobName] = tls
            guard contexts[tls] == nil else { continue }
            contexts[tls] = try TLSContext(
                TLSContextConfiguration(
                    role: .client, minimumVersion: tls.minVersion == .tls13 ? .tls13 : .tls12,
                    certificateFile: tls.certFile, keyFile: tls.keyFile, certificateAuthorityFile: tls.caFile,
                    insecureSkipVerify: tls.insecureSkipVerify))
        }
    }

    func context(for target: Target) -> TLSContext? { settings[target.jobName].flatMap { contexts[$0] } }

    /// The name a target's certificate must carry, when it is not the host of its address.
    func serverName(for target: Target) -> String? { settings[target.jobName]?.serverName }
}
