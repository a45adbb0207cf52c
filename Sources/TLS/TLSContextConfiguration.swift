/// Everything a ``TLSContext`` is made of: role, versions, certificate, key, trust and application protocols.
///
/// Files are paths to PEM; they are read once, when the context is made. Each has a text that can be given in its place.
package struct TLSContextConfiguration: Sendable {
    /// Which end of the connection a context is for.
    package enum Role: Sendable, Hashable {
        case client
        case server
    }

    /// Which end of the connection this is.
    package var role: Role
    /// The oldest version accepted.
    package var minimumVersion: TLSVersion = .tls12
    /// The newest version accepted; nil for the newest OpenSSL knows.
    package var maximumVersion: TLSVersion?
    /// PEM file with our certificate first and the certificates that lead to its root behind it.
    package var certificateFile: String?
    /// PEM file with the private key, unencrypted; refused when group or world have any right to it.
    package var keyFile: String?
    /// PEM file with the authorities that are trusted; nil means the system's roots for a client.
    package var certificateAuthorityFile: String?
    /// Our certificate and its chain, in place of `certificateFile`.
    package var certificateText: PEMText?
    /// The private key, in place of `keyFile`.
    package var keyText: PEMText?
    /// The authorities that are trusted, in place of `certificateAuthorityFile`.
    package var certificateAuthorityText: PEMText?
    /// Server: whether a client without a valid certificate is refused; when false none is asked for.
    package var requiresPeerCertificate = true
    /// Client: accept any certificate with any name. Never for the tunnel.
    package var insecureSkipVerify = false
    /// The application protocols (ALPN) in order of preference; when not empty, both ends insist on agreement.
    package var applicationProtocols: [String] = []

    /// A configuration for `role`, everything else by default.
    package init(
        role: Role,
        minimumVersion: TLSVersion = .tls12,
        maximumVersion: TLSVersion? = nil,
        certificateFile: String? = nil,
        keyFile: String? = nil,
        certificateAuthorityFile: String? = nil,
        certificateText: PEMText? = nil,
        keyText: PEMText? = nil,
        certificateAuthorityText: PEMText? = nil,
        requiresPeerCertificate: Bool = true,
        insecureSkipVerify: Bool = false,
        applicationProtocols: [String] = []
    ) {
        self.role = role
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.certificateAuthorityFile = certificateAuthorityFile
        self.certificateText = certificateText
        self.keyText = keyText
        self.certificateAuthorityText = certificateAuthorityText
        self.requiresPeerCertificate = requiresPeerCertificate
        self.insecureSkipVerify = insecureSkipVerify
        self.applicationProtocols = applicationProtocols
    }
}
