/// What `proxy_url` may look like: `http://user:password@host:port`, or `https`, with anything but the host left out.
enum ProxyURLSyntax {
    private static let expected = "expected a URL such as http://proxy.example.com:3128"

    /// What is wrong with it, without repeating any of it.
    static func problem(in url: String) -> (code: SettingsError.Code, message: String)? {
        guard let (scheme, authority) = split(url) else { return (.invalidValue, "\(expected), found no scheme") }
        guard scheme == "http" || scheme == "https" else {
            guard ["socks5", "socks5h"].contains(scheme) else {
                return (.invalidValue, "\(expected), found another scheme")
            }
            return (.unsupported, "a proxy of scheme \(scheme) is not supported by Culvert: use http or https")
        }
        var rest = authority
        if let at = rest.lastIndex(of: "@") {
            if let mistake = mistake(inUserInformation: rest[..<at]) { return (.invalidValue, mistake) }
            rest = rest[rest.index(after: at)...]
        }
        guard let (host, port) = HostPort.split(String(rest)), HostPort.isHost(host) else {
            return (.invalidValue, "\(expected), found no host and port after \(scheme)://")
        }
        if let port, !port.isEmpty, (HostPort.portNumber(port) ?? 0) == 0 {
            return (.invalidValue, "\(expected), found no port between 1 and 65535")
        }
        return nil
    }

    /// Scheme, host and port.
    static func withoutCredentials(_ url: String) -> String {
        guard let (scheme, authority) = split(url) else { return "" }
        let start = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        return "\(scheme)://\(authority[start...])"
    }

    private static func split(_ url: String) -> (scheme: String, authority: Substring)? {
        guard let separator = url.firstRange(of: "://") else { return nil }
        return (url[..<separator.lowerBound].lowercased(), url[separator.upperBound...].prefix { !"/?#".contains($0) })
    }

    private static func mistake(inUserInformation text: Substring) -> String? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = parts.compactMap { PercentDecoding.decode($0) }
        guard decoded.count == parts.count else { return "expected %XX in user and password, found a lone %" }
        if decoded.first?.contains(":") == true { return "expected a user without a colon" }
        let hasControl = decoded.contains { $0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }
        return hasControl ? "expected user and password without control characters" : nil
    }
}
