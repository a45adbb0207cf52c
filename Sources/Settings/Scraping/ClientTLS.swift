/// How the targets of a job are reached over HTTPS.
package struct ClientTLS: Sendable, Hashable {
    /// The lowest TLS version that is accepted.
    package enum MinVersion: String, Sendable, Hashable {
        case tls12 = "TLS12"
        case tls13 = "TLS13"
    }

    /// Authorities that are believed, an absolute path; `nil`: the system's.
    package var caFile: String?
    /// Our certificate, an absolute path; there is one if and only if there is a key.
    package var certFile: String?
    /// Our private key, an absolute path.
    package var keyFile: String?
    /// The name the target's certificate must be for; `nil`: the host of its address.
    package var serverName: String?
    /// Whether the target's certificate is not verified at all.
    package var insecureSkipVerify: Bool
    /// The lowest TLS version that is accepted.
    package var minVersion: MinVersion

    /// How targets are reached, from all its parts.
    package init(
        caFile: String? = nil, certFile: String? = nil, keyFile: String? = nil, serverName: String? = nil,
        insecureSkipVerify: Bool = false, minVersion: MinVersion = .tls12
    ) {
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.serverName = serverName
        self.insecureSkipVerify = insecureSkipVerify
        self.minVersion = minVersion
    }

    static func read(_ reader: MappingReader) -> ClientTLS {
        let tls = ClientTLS(
            caFile: TLSFile.optional("ca_file", reader, holding: .certificates),
            certFile: TLSFile.optional("cert_file", reader, holding: .certificates),
            keyFile: TLSFile.optional("key_file", reader, holding: .privateKey),
            serverName: TLSFile.serverName(reader),
            insecureSkipVerify: reader.bool("insecure_skip_verify")?.value ?? false,
            minVersion: minVersion(reader))
        if tls.certFile != nil, tls.keyFile == nil {
            reader.missing("key_file", expected: "the private key of cert_file")
        }
        if tls.keyFile != nil, tls.certFile == nil {
            reader.missing("cert_file", expected: "the certificate of key_file")
        }
        reader.finish(advice: UnsupportedKeys.jobTLS)
        return tls
    }

    private static func minVersion(_ reader: MappingReader) -> MinVersion {
        guard let text = reader.string("min_version", expected: "TLS12 or TLS13") else { return .tls12 }
        if let version = MinVersion(rawValue: text.value) { return version }
        if ["TLS10", "TLS11"].contains(text.value) {
            reader.log.add(
                .unsupported, at: text.position,
                "min_version: \(text.value) is not supported by Culvert: expected TLS12 or TLS13")
        } else {
            reader.reject(
                "min_version", at: text.position, expected: "TLS12 or TLS13", found: Quotation.quote(text.value))
        }
        return .tls12
    }
}
