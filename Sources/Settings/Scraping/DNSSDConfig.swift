import Yams

/// One entry of `dns_sd_configs`: names whose records are targets.
package struct DNSSDConfig: Sendable, Hashable {
    /// The kind of record that is asked for.
    package enum RecordType: String, Sendable, Hashable, CaseIterable {
        case srv = "SRV"
        case a = "A"
        case aaaa = "AAAA"
        case mx = "MX"
        case ns = "NS"
    }

    /// As they were written; those without a dot at the end are also sought in the search list of resolv.conf.
    package var names: [String]
    package var type: RecordType
    /// The port of every target; SRV records have their own. Never nil for the other types.
    package var port: Int?
    /// Milliseconds between two look-ups of a name.
    package var refreshInterval: Int64

    package init(names: [String], type: RecordType = .srv, port: Int? = nil, refreshInterval: Int64 = 30_000) {
        self.names = names
        self.type = type
        self.port = port
        self.refreshInterval = refreshInterval
    }

    static func readList(_ reader: MappingReader) -> [DNSSDConfig] {
        guard let list = reader.list("dns_sd_configs", of: "entries, each with names") else { return [] }
        return reader.elements(of: list, name: "dns_sd_config").map { read($0) }
    }

    private static let expectedNames = "a list of DNS names"
    private static let expectedType = "SRV, A, AAAA, MX or NS"
    private static let expectedPort = "a port between 1 and 65535"

    private static func read(_ reader: MappingReader) -> DNSSDConfig {
        var config = DNSSDConfig(names: names(reader))
        let type = type(reader)
        config.type = type ?? .srv
        config.port = port(reader)
        if let type, type != .srv, config.port == nil, reader.position(of: "port") == nil {
            reader.missing("port", expected: "\(expectedPort), which records of type \(type.rawValue) do not have")
        }
        if let interval = reader.duration("refresh_interval") {
            if interval.value > 0 {
                config.refreshInterval = interval.value
            } else {
                reader.reject("refresh_interval", at: interval.position, expected: "a duration above 0", found: "0")
            }
        }
        reader.finish()
        return config
    }

    private static func names(_ reader: MappingReader) -> [String] {
        guard reader.has("names") else {
            _ = reader.node("names")
            reader.missing("names", expected: expectedNames)
            return []
        }
        guard let list = reader.list("names", of: "DNS names") else { return [] }
        if list.value.isEmpty {
            reader.reject("names", at: list.position, expected: expectedNames, found: "an empty one")
        }
        return list.value.compactMap { node in
            if let scalar = node.scalar, !scalar.string.isEmpty { return scalar.string }
            reader.reject(
                "names", at: node.position ?? list.position, expected: expectedNames,
                found: node.scalar == nil ? node.kind : "an empty text")
            return nil
        }
    }

    /// Nil after a problem.
    private static func type(_ reader: MappingReader) -> RecordType? {
        guard reader.has("type") else {
            _ = reader.node("type")
            return .srv
        }
        guard let text = reader.string("type", expected: expectedType) else { return nil }
        if let type = RecordType(rawValue: text.value.uppercased()) { return type }
        reader.reject("type", at: text.position, expected: expectedType, found: Quotation.quote(text.value))
        return nil
    }

    private static func port(_ reader: MappingReader) -> Int? {
        guard let text = reader.string("port", expected: expectedPort) else { return nil }
        if let port = HostPort.portNumber(text.value), port > 0 { return port }
        reader.reject("port", at: text.position, expected: expectedPort, found: Quotation.quote(text.value))
        return nil
    }
}
