/// The certificate of the web listener.
package struct WebTLS: Sendable, Hashable {
    /// The certificate, an absolute path.
    package var certFile: String
    /// The private key, an absolute path.
    package var keyFile: String

    /// The files of the listener, absolute paths.
    package init(certFile: String, keyFile: String) {
        self.certFile = certFile
        self.keyFile = keyFile
    }

    static func read(_ reader: MappingReader, advice: (String) -> String?) -> WebTLS {
        let tls = WebTLS(
            certFile: TLSFile.required("cert_file", reader, holding: .certificates),
            keyFile: TLSFile.required("key_file", reader, holding: .privateKey))
        reader.finish(advice: advice)
        return tls
    }
}
