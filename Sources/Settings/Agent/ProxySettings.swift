/// An HTTP proxy that connections go through with CONNECT.
package struct ProxySettings: Sendable, Hashable {
    /// The host of the proxy, an IPv6 address without its brackets.
    package var host: String
    /// The port of the proxy.
    package var port: Int
    /// What the proxy asks for, if it asks.
    package var credentials: ProxyCredentials?

    /// A proxy from all its parts.
    package init(host: String, port: Int, credentials: ProxyCredentials? = nil) {
        self.host = host
        self.port = port
        self.credentials = credentials
    }

    /// The proxy of `proxy_url` and `proxy_basic_auth`. No message repeats the URL, because a password may stand in it.
    static func read(_ reader: MappingReader) -> ProxySettings? {
        let url = reader.string("proxy_url")
        let authentication = reader.mapping("proxy_basic_auth").map { ($0, ProxyCredentials.read($0)) }
        guard let url, !url.value.isEmpty else {
            if let place = reader.position(of: "proxy_basic_auth"), authentication != nil {
                reader.log.add(.conflict, at: place, "proxy_basic_auth: expected a proxy_url beside it, found none")
            }
            return nil
        }
        guard var proxy = parse(url, log: reader.log) else { return nil }
        if let (section, credentials) = authentication {
            if proxy.credentials != nil {
                reader.log.add(
                    .conflict, at: section.position,
                    "proxy_basic_auth: the proxy_url has a user already: give the credentials in one place")
            }
            proxy.credentials = credentials
        }
        return proxy
    }

    private static func parse(_ url: Located<String>, log: ProblemLog) -> ProxySettings? {
        let expected = "expected a URL such as http://proxy.example.com:3128"
        guard let separator = url.value.firstRange(of: "://") else {
            log.add(.invalidValue, at: url.position, "proxy_url: \(expected), found no scheme")
            return nil
        }
        let scheme = url.value[..<separator.lowerBound].lowercased()
        guard scheme == "http" else {
            let known = ["https", "socks5", "socks5h"].contains(scheme)
            log.add(
                known ? .unsupported : .invalidValue, at: url.position,
                known
                    ? "proxy_url: a proxy of scheme \(scheme) is not supported by this version of Culvert: use http"
                    : "proxy_url: \(expected), found another scheme")
            return nil
        }
        var rest = url.value[separator.upperBound...]
        while rest.last == "/" { rest.removeLast() }
        var credentials: ProxyCredentials?
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = PercentDecoding.decode(parts[0]),
                let password = PercentDecoding.decode(parts.count > 1 ? parts[1] : "")
            else {
                log.add(.invalidValue, at: url.position, "proxy_url: expected %XX in user and password, found a lone %")
                return nil
            }
            credentials = ProxyCredentials(username: user, password: Secret(password))
            rest = rest[rest.index(after: at)...]
        }
        guard let (host, port) = HostPort.split(String(rest)), HostPort.isHost(host),
            let number = port.map({ HostPort.portNumber($0) }) ?? 80, number > 0
        else {
            log.add(.invalidValue, at: url.position, "proxy_url: \(expected), found no host and port after http://")
            return nil
        }
        if let mistake = credentials?.mistake {
            log.add(.invalidValue, at: url.position, "proxy_url: \(mistake)")
        }
        return ProxySettings(host: host, port: number, credentials: credentials)
    }
}

extension ProxySettings: CustomStringConvertible {
    /// The URL of the proxy, without its credentials.
    package var description: String { "http://\(HostPort(host: host, port: port))" }
}
