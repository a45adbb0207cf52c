import Settings
import TLS

extension ClientTLS {
    /// Reads all files.
    ///
    /// - Throws: `TLSError` naming the file that is wrong.
    func makeContext() throws -> TLSContext {
        var configuration = TLSContextConfiguration(
            role: .client, minimumVersion: minVersion.version, maximumVersion: maxVersion?.version,
            certificateFile: certFile, keyFile: keyFile, certificateAuthorityFile: caFile,
            insecureSkipVerify: insecureSkipVerify)
        configuration.certificateText = cert.map { PEMText($0) }
        configuration.keyText = key.map { PEMText($0.value) }
        configuration.certificateAuthorityText = ca.map { PEMText($0) }
        return try TLSContext(configuration)
    }

    /// The files it names.
    var files: [String] { [caFile, certFile, keyFile].compactMap { $0 } }
}

extension ClientTLS.Version {
    fileprivate var version: TLSVersion {
        switch self {
        case .tls12: .tls12
        case .tls13: .tls13
        }
    }
}
