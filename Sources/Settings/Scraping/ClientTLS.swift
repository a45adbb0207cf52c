/// How the targets of a job are reached over HTTPS.
///
/// Authorities, certificate and key are each in a file or given as text, never both.
package struct ClientTLS: Sendable, Hashable {
    /// A version of TLS.
    package enum Version: String, Sendable, Hashable, CaseIterable {
        case tls12 = "TLS12"
        case tls13 = "TLS13"
    }

    /// Authorities that are believed, an absolute path; with no `ca` either, the system's.
    package var caFile: String?
    /// Our certificate, an absolute path; there is one, here or in `cert`, if and only if there is a key.
    package var certFile: String?
    /// Our private key, an absolute path.
    package var keyFile: String?
    /// Authorities that are believed, PEM.
    package var ca: String?
    /// Our certificate, PEM.
    package var cert: String?
    /// Our private key, PEM.
    package var key: Secret?
    /// The name the target's certificate must be for; `nil`: the host of its address.
    package var serverName: String?
    /// Whether the target's certificate is not verified at all.
    package var insecureSkipVerify: Bool
    /// The lowest TLS version that is accepted.
    package var minVersion: Version
    /// The highest TLS version that is accepted; `nil`: the newest there is.
    package var maxVersion: Version?

    /// How targets are reached, from all its parts.
    package init(
        caFile: String? = nil, certFile: String? = nil, keyFile: String? = nil, ca: String? = nil,
        cert: String? = nil, key: Secret? = nil, serverName: String? = nil, insecureSkipVerify: Bool = false,
        minVersion: Version = .tls12, maxVersion: Version? = nil
    ) {
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.ca = ca
        self.cert = cert
        self.key = key
        self.serverName = serverName
        self.insecureSkipVerify = insecureSkipVerify
        self.minVersion = minVersion
        self.maxVersion = maxVersion
    }

    static func read(_ reader: MappingReader) -> ClientTLS {
        let tls = ClientTLS(
            caFile: TLSFile.optional("ca_file", reader, holding: .certificates),
            certFile: TLSFile.optional("cert_file", reader, holding: .certificates),
            keyFile: TLSFile.optional("key_file", reader, holding: .privateKey),
            ca: text("ca", reader), cert: text("cert", reader), key: text("key", reader).map { Secret($0) },
            serverName: TLSFile.serverName(reader),
            insecureSkipVerify: reader.bool("insecure_skip_verify")?.value ?? false,
            minVersion: version("min_version", reader) ?? .tls12, maxVersion: version("max_version", reader))
        let hasCertificate = tls.certFile != nil || tls.cert != nil
        let hasKey = tls.keyFile != nil || tls.key != nil
        if hasCertificate, !hasKey {
            reader.missing("key_file", expected: "the private key of \(tls.certFile == nil ? "cert" : "cert_file")")
        }
        if hasKey, !hasCertificate {
            reader.missing("cert_file", expected: "the certificate of \(tls.keyFile == nil ? "key" : "key_file")")
        }
        if let most = tls.maxVersion, most == .tls12, tls.minVersion == .tls13,
            let place = reader.position(of: "max_version")
        {
            reader.log.add(
                .conflict, at: place,
                "max_version: \(most.rawValue) is below min_version \(tls.minVersion.rawValue): "
                    + "expected at least the same")
        }
        reader.finish(advice: UnsupportedKeys.jobTLS)
        return tls
    }

    /// PEM in the settings themselves. What it says in place of PEM is not repeated, it may be a key.
    private static func text(_ key: String, _ reader: MappingReader) -> String? {
        guard let text = reader.string(key, expected: "PEM text"), !text.value.isEmpty else { return nil }
        if let file = reader.string(key + "_file"), !file.value.isEmpty {
            reader.log.add(.conflict, at: text.key, "\(key): \(key)_file is given too: expected one of the two")
        }
        if !text.value.contains("-----BEGIN ") {
            let what = key == "key" ? "PRIVATE KEY" : "CERTIFICATE"
            reader.log.add(
                .invalidValue, at: text.position, "\(key): expected PEM with -----BEGIN \(what)-----, found none in it")
        }
        return text.value
    }

    private static func version(_ key: String, _ reader: MappingReader) -> Version? {
        guard let text = reader.string(key, expected: "TLS12 or TLS13") else { return nil }
        if let version = Version(rawValue: text.value) { return version }
        if ["TLS10", "TLS11"].contains(text.value) {
            reader.log.add(
                .unsupported, at: text.position,
                "\(key): \(text.value) is not supported by Culvert: expected TLS12 or TLS13")
        } else {
            reader.reject(key, at: text.position, expected: "TLS12 or TLS13", found: Quotation.quote(text.value))
        }
        return nil
    }
}
