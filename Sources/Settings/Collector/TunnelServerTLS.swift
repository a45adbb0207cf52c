/// With which certificate the collector shows itself to agents, and whom it believes.
package struct TunnelServerTLS: Sendable, Hashable {
    /// The collector's certificate, an absolute path.
    package var certFile: String
    /// The collector's private key, an absolute path.
    package var keyFile: String
    /// The authorities that may have issued agents' certificates, an absolute path.
    package var clientCAFile: String

    /// The files of the listener, absolute paths.
    package init(certFile: String, keyFile: String, clientCAFile: String) {
        self.certFile = certFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
    }

    static func read(_ reader: MappingReader) -> TunnelServerTLS {
        let tls = TunnelServerTLS(
            certFile: TLSFile.required("cert_file", reader, holding: .certificates),
            keyFile: TLSFile.required("key_file", reader, holding: .privateKey),
            clientCAFile: TLSFile.required("client_ca_file", reader, holding: .certificates))
        reader.finish { key in
            switch key {
            case "ca_file": "ca_file: agents are verified with client_ca_file: name the file there"
            case "client_auth_type": "client_auth_type cannot be set on the tunnel, which always asks for a certificate"
            default: UnsupportedKeys.tunnelClientTLS(key)
            }
        }
        return tls
    }
}
