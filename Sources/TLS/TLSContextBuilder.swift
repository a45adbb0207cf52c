import COpenSSL

/// Applies a configuration to a fresh `SSL_CTX`, one aspect at a time; borrows the context.
@safe struct TLSContextBuilder {
    /// Groups of a connection between Culverts, best first: OpenSSL before 3.5 refuses the post-quantum list as a
    /// whole, a FIPS module may refuse X25519.
    static let tunnelGroups = ["X25519MLKEM768:X25519:P-256", "X25519:P-256", "P-256:P-384"]
    /// Groups for talking to whatever targets and browsers there are. Always explicit: some releases got their own
    /// default list wrong (CVE-2026-2673).
    static let commonGroups = [
        "X25519MLKEM768:X25519:P-256:P-384:P-521", "X25519:P-256:P-384:P-521", "P-256:P-384:P-521",
    ]
    /// What a collector accepts as signatures: no SHA-1, no PKCS #1 v1.5.
    private static let tunnelSignatures =
        "ECDSA+SHA256:ed25519:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512"
    /// Bytes of certificates an unknown client may make a server hold.
    private static let maximumCertificateList = 32 << 10
    /// Intermediates a client may put between its certificate and the authority.
    private static let maximumDepth: Int32 = 3

    private let context: OpaquePointer
    private let configuration: TLSContextConfiguration

    init(context: OpaquePointer, configuration: TLSContextConfiguration) {
        unsafe self.context = context
        self.configuration = configuration
    }

    /// Versions, groups, signatures and the defaults every context has.
    func applySettings() throws(TLSError) {
        if let maximum = configuration.maximumVersion, maximum.number < configuration.minimumVersion.number {
            throw TLSError(
                .configuration,
                "the maximum TLS version \(maximum.name) is below the minimum \(configuration.minimumVersion.name)")
        }
        let minimum = configuration.minimumVersion.number
        try require(
            unsafe culvert_set_versions(context, minimum, configuration.maximumVersion?.number ?? 0), "versions")
        try require(unsafe culvert_set_defaults(context), "defaults")
        let tunnel = configuration.minimumVersion == .tls13
        let groups = tunnel ? Self.tunnelGroups : Self.commonGroups
        guard unsafe Self.setGroups(of: context, candidates: groups) != nil else { throw failure("groups") }
        if tunnel, configuration.role == .server {
            try require(unsafe culvert_set_signature_algorithms(context, Self.tunnelSignatures), "signature algorithms")
        }
    }

    /// Sets the first list of `candidates` that this OpenSSL accepts and returns it.
    static func setGroups(of context: OpaquePointer, candidates: [String]) -> String? {
        candidates.first { unsafe culvert_set_groups(context, $0) == 1 }
    }

    /// Whether the peer is verified, and against what.
    func applyTrust() throws(TLSError) {
        let verifies: Bool
        switch configuration.role {
        case .client: verifies = !configuration.insecureSkipVerify
        case .server: verifies = configuration.requiresPeerCertificate
        }
        if configuration.role == .server, configuration.insecureSkipVerify {
            throw TLSError(.configuration, "insecure_skip_verify is for clients only")
        }
        let authorities = try PEMFile.read(
            configuration.certificateAuthorityFile, or: configuration.certificateAuthorityText, name: "CA certificate",
            secret: false)
        if let authorities {
            try trustAuthorities(in: authorities)
        } else if verifies, configuration.role == .server {
            throw TLSError(
                .configuration, "client certificates are required but no authority is trusted",
                cure: "name the file with the clients' CA certificate as client_ca_file")
        } else if verifies {
            try require(unsafe SSL_CTX_set_default_verify_paths(context), "the system's roots")
        }
        guard verifies else {
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
            return
        }
        unsafe culvert_require_verification(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
        if configuration.role == .server {
            unsafe SSL_CTX_set_verify_depth(context, Self.maximumDepth)
            unsafe culvert_set_maximum_certificate_list(context, Self.maximumCertificateList)
        }
    }

    private func trustAuthorities(in file: PEMFile) throws(TLSError) {
        guard let store = unsafe SSL_CTX_get_cert_store(context) else { throw failure("the certificate store") }
        // As in Go, whatever the operator put into the file is trusted, self-signed or not.
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        unsafe try file.forEachCertificate { index, certificate throws(TLSError) in
            guard unsafe X509_STORE_add_cert(store, certificate) == 1 else {
                let reason = OpenSSLReason(culvert_take_error()).text
                throw TLSError(
                    .configuration, "certificate \(index + 1) was not accepted (\(reason))", culprit: file.path)
            }
        }
    }

    /// Loads our certificate, its chain and its key; returns the leaf.
    func applyCertificate() throws(TLSError) -> PeerCertificate? {
        let certificates = try PEMFile.read(
            configuration.certificateFile, or: configuration.certificateText, name: "certificate", secret: false)
        let keys = try PEMFile.read(configuration.keyFile, or: configuration.keyText, name: "key", secret: true)
        guard let file = certificates, let keyFile = keys else {
            if let present = certificates ?? keys {
                throw TLSError(
                    .configuration, "a certificate and its key belong together, but only one of them is named",
                    culprit: present.path, cure: "name both cert_file and key_file")
            }
            if configuration.role == .server {
                throw TLSError(
                    .configuration, "a TLS server needs a certificate and its key", cure: "name cert_file and key_file")
            }
            return nil
        }
        let key = unsafe try keyFile.privateKey()
        defer { unsafe EVP_PKEY_free(key) }
        var leaf: PeerCertificate?
        unsafe try file.forEachCertificate { index, certificate throws(TLSError) in
            if index > 0 {
                try require(unsafe culvert_add_chain_certificate(context, certificate), "the chain", file.path)
                return
            }
            guard unsafe X509_check_private_key(certificate, key) == 1 else {
                throw TLSError(
                    .configuration, "the key is not the one the certificate \(file.path) was issued for",
                    culprit: keyFile.path, cure: "name the key file that was written together with the certificate")
            }
            try require(unsafe SSL_CTX_use_certificate(context, certificate), "the certificate", file.path)
            leaf = unsafe PeerCertificate(certificate)
        }
        try require(unsafe SSL_CTX_use_PrivateKey(context, key), "the key", keyFile.path)
        return leaf
    }

    /// Offers (client) or demands (server) the application protocols; `list` must live as long as the context.
    func applyProtocols(_ list: UnsafeMutablePointer<culvert_protocols>) throws(TLSError) {
        guard !configuration.applicationProtocols.isEmpty else { return }
        var wire: [UInt8] = []
        for name in configuration.applicationProtocols {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw TLSError(.configuration, "the application protocol “\(name)” is not 1 to 255 bytes long")
            }
            wire.append(length)
            wire.append(contentsOf: name.utf8)
        }
        let capacity = unsafe MemoryLayout.size(ofValue: list.pointee.wire)
        guard wire.count <= capacity else {
            throw TLSError(.configuration, "the application protocols are longer than \(capacity) bytes together")
        }
        if configuration.role == .client {
            let status = unsafe SSL_CTX_set_alpn_protos(context, wire, UInt32(wire.count))
            // Unlike nearly everything else, zero is success here.
            try require(status == 0 ? 1 : 0, "application protocols")
        } else {
            unsafe withUnsafeMutableBytes(of: &list.pointee.wire) { unsafe $0.copyBytes(from: wire) }
            unsafe list.pointee.length = UInt32(wire.count)
            unsafe culvert_accept_protocols(context, list)
        }
    }

    private func require(_ status: Int32, _ what: String, _ culprit: String? = nil) throws(TLSError) {
        guard status != 1 else { return }
        throw failure(what, culprit)
    }

    private func failure(_ what: String, _ culprit: String? = nil) -> TLSError {
        let reason = OpenSSLReason(culvert_take_error()).text
        return TLSError(.configuration, "OpenSSL does not accept \(what) (\(reason))", culprit: culprit)
    }
}
