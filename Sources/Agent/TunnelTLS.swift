package import Settings
package import TLS
import Tunnel

/// The TLS side of a configured collector.
package enum TunnelTLS {
    /// Who the configured certificate says we are; an error names the certificate's file.
    static func identity(_ settings: TunnelClientTLS) throws -> AgentIdentity {
        guard let certificate = try context(settings).ownCertificate else {
            throw TLSError(.configuration, "no certificate", culprit: settings.certFile)
        }
        do {
            return try AgentIdentity(certificate: certificate)
        } catch {
            throw TLSError(error.code, error.message, culprit: settings.certFile, cure: error.cure)
        }
    }

    /// Reads the files anew, so that renewed certificates are used from the next dial on.
    package static func context(_ settings: TunnelClientTLS) throws -> TLSContext {
        var configuration = TLSContextConfiguration(role: .client)
        configuration.minimumVersion = .tls13
        configuration.maximumVersion = .tls13
        configuration.certificateFile = settings.certFile
        configuration.keyFile = settings.keyFile
        configuration.certificateAuthorityFile = settings.caFile
        configuration.applicationProtocols = [Protocol.application]
        return try TLSContext(configuration)
    }
}
