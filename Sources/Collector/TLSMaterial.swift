import Settings
import Synchronization
import TLS
import Tunnel

/// The collector's TLS contexts, replaced whole on reload. Thread-safe.
final class TLSMaterial: Sendable {
    private struct Contexts: Sendable {
        var tunnel: TLSContext
        var web: TLSContext?
    }

    private let contexts: Mutex<Contexts>

    /// - Throws: `TLSError` naming the file that is wrong.
    init(_ settings: CollectorSettings) throws {
        contexts = Mutex(try Self.read(settings))
    }

    var tunnel: TLSContext { contexts.withLock { $0.tunnel } }
    var web: TLSContext? { contexts.withLock { $0.web } }

    /// The files anew; the old contexts stay when one is wrong.
    func reload(_ settings: CollectorSettings) throws {
        let fresh = try Self.read(settings)
        contexts.withLock { $0 = fresh }
    }

    private static func read(_ settings: CollectorSettings) throws -> Contexts {
        var tunnel = TLSContextConfiguration(role: .server)
        tunnel.minimumVersion = .tls13
        tunnel.maximumVersion = .tls13
        tunnel.certificateFile = settings.tunnel.tlsConfig.certFile
        tunnel.keyFile = settings.tunnel.tlsConfig.keyFile
        tunnel.certificateAuthorityFile = settings.tunnel.tlsConfig.clientCAFile
        tunnel.requiresPeerCertificate = true
        tunnel.applicationProtocols = [Protocol.application]
        var web: TLSContext?
        if let files = settings.web.tlsConfig {
            var configuration = TLSContextConfiguration(role: .server)
            configuration.certificateFile = files.certFile
            configuration.keyFile = files.keyFile
            configuration.requiresPeerCertificate = false
            web = try TLSContext(configuration)
        }
        return Contexts(tunnel: try TLSContext(tunnel), web: web)
    }

    /// The trust domain agents must be of: configured, or that of the own certificate.
    static func trustDomain(_ settings: CollectorSettings, own: PeerCertificate?) throws -> String {
        if let configured = settings.tunnel.trustDomain { return configured }
        guard let own, let identity = try? AgentIdentity(certificate: own) else {
            throw CollectorError(
                message: "\(settings.tunnel.tlsConfig.certFile): the certificate names no trust domain",
                cure: "set tunnel.trust_domain, or issue the certificate with certs/issue")
        }
        return identity.trustDomain
    }
}
