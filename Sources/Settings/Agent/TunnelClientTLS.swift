/// With which certificate the agent shows itself to a collector, and whom it believes.
package struct TunnelClientTLS: Sendable, Hashable {
    /// The authorities that may have issued the collector's certificate, an absolute path.
    package var caFile: String
    /// The agent's certificate and what leads to the authority, an absolute path.
    package var certFile: String
    /// The agent's private key, an absolute path.
    package var keyFile: String
    /// The name the collector's certificate must be for; `nil`: the host that is dialled.
    package var serverName: String?

    /// The files of a connection, absolute paths.
    package init(caFile: String, certFile: String, keyFile: String, serverName: String? = nil) {
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.serverName = serverName
    }

    static func read(_ reader: MappingReader) -> TunnelClientTLS {
        let caFile = TLSFile.required("ca_file", reader, holding: .certificates)
        let certFile = TLSFile.required("cert_file", reader, holding: .certificates)
        let keyFile = TLSFile.required("key_file", reader, holding: .privateKey)
        let serverName = TLSFile.serverName(reader)
        reader.finish(advice: UnsupportedKeys.tunnelClientTLS)
        return TunnelClientTLS(caFile: caFile, certFile: certFile, keyFile: keyFile, serverName: serverName)
    }
}
