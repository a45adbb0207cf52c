import Yams

/// A header that is added to every request of a job.
package struct ClientHeader: Sendable, Hashable {
    package var name: String
    /// In Prometheus' order: `values`, `secrets`, `files`; each becomes a header line of its own.
    package var values: [SecretText]

    /// Headers that Prometheus sets itself or forbids.
    private static let reserved: Set<String> = [
        "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
        "x-prometheus-remote-write-version", "x-prometheus-remote-read-version",
        "x-prometheus-scrape-timeout-seconds", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
        // These would change how a request is cut out of its connection.
        "transfer-encoding", "te", "trailer", "upgrade",
    ]

    static func readList(_ reader: MappingReader) -> [ClientHeader] {
        guard let section = reader.mapping("http_headers") else { return [] }
        var headers: [ClientHeader] = []
        var names: Set<String> = []
        for (name, place) in section.keys {
            guard let header = section.mapping(name) else { continue }
            if !HeaderSyntax.isToken(name) {
                section.log.add(.invalidValue, at: place, "http_headers: \(Quotation.quote(name)) is no header's name")
            } else if reserved.contains(name.lowercased()) {
                section.log.add(
                    .invalidValue, at: place, "http_headers: \(name) cannot be set here, Culvert sets it itself")
            } else if !names.insert(name.lowercased()).inserted {
                section.log.add(.conflict, at: place, "http_headers: \(name) is there twice")
            }
            headers.append(ClientHeader(name: name, values: values(header)))
        }
        return headers
    }

    private static func values(_ reader: MappingReader) -> [SecretText] {
        var values = texts("values", reader) + texts("secrets", reader)
        if let list = reader.list("files", of: "paths") {
            for node in list.value {
                let place = node.position ?? list.position
                guard let path = node.scalar?.string, !path.isEmpty else {
                    reader.log.add(.wrongType, at: place, "files: expected a list of paths, found \(node.kind)")
                    continue
                }
                let found = Located(value: path, position: place, key: place)
                values.append(
                    .file(ReferencedFile.path(found, key: "files", holding: .password, log: reader.log)))
            }
        }
        reader.finish()
        return values
    }

    private static func texts(_ key: String, _ reader: MappingReader) -> [SecretText] {
        guard let list = reader.list(key, of: "texts") else { return [] }
        return list.value.compactMap { node in
            let place = node.position ?? list.position
            guard let text = node.scalar?.string else {
                reader.log.add(.wrongType, at: place, "\(key): expected a list of texts, found \(node.kind)")
                return nil
            }
            if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                reader.log.add(.invalidValue, at: place, "\(key): expected texts without control characters")
            }
            return .text(Secret(text))
        }
    }
}
