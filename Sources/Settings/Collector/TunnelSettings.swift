/// Where agents connect and how both sides are verified.
package struct TunnelSettings: Sendable, Hashable {
    /// The address the collector listens on.
    package var listenAddress: HostPort
    /// The certificates of the listener.
    package var tlsConfig: TunnelServerTLS
    /// The trust domain agents must belong to; `nil`: that of the collector's own certificate.
    package var trustDomain: String?

    /// A listener from all its parts.
    package init(
        listenAddress: HostPort = HostPort(host: "0.0.0.0", port: 9443), tlsConfig: TunnelServerTLS,
        trustDomain: String? = nil
    ) {
        self.listenAddress = listenAddress
        self.tlsConfig = tlsConfig
        self.trustDomain = trustDomain
    }

    static func read(_ reader: MappingReader) -> TunnelSettings {
        var settings = TunnelSettings(tlsConfig: TunnelServerTLS(certFile: "", keyFile: "", clientCAFile: ""))
        settings.listenAddress = ListenAddress.read(reader) ?? settings.listenAddress
        if let section = reader.mapping("tls_config") {
            settings.tlsConfig = TunnelServerTLS.read(section)
        } else if !reader.has("tls_config") {
            reader.missing("tls_config", expected: "cert_file, key_file and client_ca_file")
        }
        if let domain = reader.string("trust_domain") {
            if !isTrustDomain(domain.value) {
                reader.reject(
                    "trust_domain", at: domain.position, expected: "a name of a-z, 0-9, dots, dashes and underscores",
                    found: Quotation.quote(domain.value))
            }
            settings.trustDomain = domain.value
        }
        reader.finish()
        return settings
    }

    private static func isTrustDomain(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || ".-_".utf8.contains($0)
            }
    }
}
