import Yams

/// A collector the agent streams to.
package struct CollectorAddress: Sendable, Hashable {
    /// What the collector is called in logs, cursors and metrics: its address as it was written.
    package var name: String
    /// The host that is dialled, an IPv6 address without its brackets.
    package var host: String
    /// The port that is dialled.
    package var port: Int
    /// The certificates of the connection.
    package var tlsConfig: TunnelClientTLS
    /// The HTTP proxy the connection goes through.
    package var proxy: ProxySettings?
    /// The line of the file it begins in.
    package var line: Int

    /// A collector from all its parts.
    package init(
        name: String, host: String, port: Int, tlsConfig: TunnelClientTLS, proxy: ProxySettings? = nil,
        line: Int = 0
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.tlsConfig = tlsConfig
        self.proxy = proxy
        self.line = line
    }

    /// The URL of the proxy, without its credentials.
    package var proxyURL: String? { proxy.map(\.description) }

    /// The most collectors one agent streams to.
    static let limit = 16

    static func readList(_ reader: MappingReader) -> [CollectorAddress] {
        let expected = "a list of collectors, each with address and tls_config"
        guard let list = reader.list("collectors", of: "collectors, each with address and tls_config") else {
            if !reader.has("collectors") { reader.missing("collectors", expected: expected) }
            return []
        }
        guard !list.value.isEmpty || !reader.log.problems.isEmpty else {
            reader.reject("collectors", at: list.position, expected: expected, found: "an empty list")
            return []
        }
        guard list.value.count <= limit else {
            reader.reject(
                "collectors", at: list.position, expected: "at most \(limit) collectors", found: "\(list.value.count)")
            return []
        }
        var collectors: [CollectorAddress] = []
        for element in reader.elements(of: list, name: "collector") {
            guard let (collector, address) = read(element) else { continue }
            if let first = collectors.first(where: { $0.name == collector.name }) {
                reader.log.add(
                    .conflict, at: address.position,
                    "address: \(Quotation.quote(collector.name)) is listed twice, first in line "
                        + "\(first.line): remove one"
                )
            }
            collectors.append(collector)
        }
        return collectors
    }

    private static func read(_ reader: MappingReader) -> (CollectorAddress, Located<String>)? {
        let address = reader.required("address", expected: "host:port such as collector.example.com:9443")
        var tls: TunnelClientTLS?
        if let mapping = reader.mapping("tls_config") {
            tls = TunnelClientTLS.read(mapping)
        } else if !reader.has("tls_config") {
            reader.missing("tls_config", expected: "ca_file, cert_file and key_file")
        }
        let proxy = ProxySettings.read(reader)
        reader.finish(advice: UnsupportedKeys.collector)
        guard let address else { return nil }
        do {
            let hostPort = try HostPort.parse(address.value)
            guard let tls else { return nil }
            let collector = CollectorAddress(
                name: address.value, host: hostPort.host, port: hostPort.port, tlsConfig: tls, proxy: proxy,
                line: reader.position.line)
            return (collector, address)
        } catch {
            reader.reject(
                "address", at: address.position, expected: error.expected, found: Quotation.quote(address.value))
            return nil
        }
    }
}
