/// The keys that every `tls_config` has in common.
enum TLSFile {
    /// The file of a key that must be there.
    static func required(_ key: String, _ reader: MappingReader, holding content: ReferencedFile.Content) -> String {
        guard let found = reader.required(key, expected: "the path of a PEM file") else { return "" }
        return ReferencedFile.path(found, key: key, holding: content, log: reader.log)
    }

    /// The file of a key that may be left out; an empty text counts as left out, as in Prometheus.
    static func optional(_ key: String, _ reader: MappingReader, holding content: ReferencedFile.Content) -> String? {
        guard let found = reader.string(key, expected: "the path of a PEM file"), !found.value.isEmpty else {
            return nil
        }
        return ReferencedFile.path(found, key: key, holding: content, log: reader.log)
    }

    /// `server_name`, which must be able to stand in a certificate.
    static func serverName(_ reader: MappingReader) -> String? {
        guard let found = reader.string("server_name"), !found.value.isEmpty else { return nil }
        if !HostPort.isHost(found.value) {
            reader.reject(
                "server_name", at: found.position, expected: "a host name or an IP address",
                found: Quotation.quote(found.value))
        }
        return found.value
    }
}
