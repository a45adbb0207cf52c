import Yams

/// One entry of `http_sd_configs`: a URL that answers with groups of targets.
package struct HTTPSDConfig: Sendable, Hashable {
    /// An absolute http or https URL, as it was written.
    package var url: String
    /// Milliseconds between two requests, and what one may take.
    package var refreshInterval: Int64
    package var authorization: ClientAuthorization?
    package var httpHeaders: [ClientHeader]
    package var tlsConfig: ClientTLS?
    package var followRedirects: Bool
    package var proxy: ClientProxy?

    package init(
        url: String, refreshInterval: Int64 = 60_000, authorization: ClientAuthorization? = nil,
        httpHeaders: [ClientHeader] = [], tlsConfig: ClientTLS? = nil, followRedirects: Bool = true
    ) {
        self.url = url
        self.refreshInterval = refreshInterval
        self.authorization = authorization
        self.httpHeaders = httpHeaders
        self.tlsConfig = tlsConfig
        self.followRedirects = followRedirects
    }

    private static let expected = "an http or https URL with a host"

    static func readList(_ reader: MappingReader) -> [HTTPSDConfig] {
        guard let list = reader.list("http_sd_configs", of: "entries, each with url") else { return [] }
        return reader.elements(of: list, name: "http_sd_config").map { read($0) }
    }

    private static func read(_ reader: MappingReader) -> HTTPSDConfig {
        var config = HTTPSDConfig(url: "")
        if let url = reader.required("url", expected: expected) {
            config.url = url.value
            if let mistake = mistake(in: url.value) {
                reader.reject("url", at: url.position, expected: expected, found: mistake)
            }
        }
        if let interval = reader.duration("refresh_interval"), interval.value > 0 {
            config.refreshInterval = interval.value
        }
        config.authorization = ClientAuthorization.read(reader)
        config.httpHeaders = ClientHeader.readList(reader)
        config.tlsConfig = reader.mapping("tls_config").map { ClientTLS.read($0) }
        config.followRedirects = reader.bool("follow_redirects")?.value ?? true
        config.proxy = ClientProxy.read(reader)
        reader.finish(advice: UnsupportedKeys.httpSD)
        return config
    }

    /// What is there instead, without what may be secret in it.
    private static func mistake(in url: String) -> String? {
        let rest: Substring
        if url.hasPrefix("http://") {
            rest = url.dropFirst(7)
        } else if url.hasPrefix("https://") {
            rest = url.dropFirst(8)
        } else {
            return "another scheme, or none"
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        if authority.contains("@") { return "a URL with credentials: write them as basic_auth" }
        guard let (host, port) = HostPort.split(String(authority)), HostPort.isHost(host) else { return "no host" }
        if let port, HostPort.portNumber(port) == nil { return "a port that is none" }
        return nil
    }
}
