/// A URL under which something can be reached from outside: `http` or `https`, a host, perhaps a port and a path.
package struct ExternalURL: Sendable, Hashable {
    /// `http` or `https`.
    package var scheme: String
    /// Host and, when one was given, port, as they are written in a URL.
    package var authority: String
    /// The path without a slash at its end: empty, or `/` and something.
    package var path: String

    /// The URL in `text`; `nil` when it has another scheme, no host, credentials, a query or a fragment.
    static func parse(_ text: String) -> ExternalURL? {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[separator.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"?#\"<>\\^`{|}@".utf8.contains($0) }) else {
            return nil
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = String(rest[..<slash])
        guard let (host, port) = HostPort.split(authority), HostPort.isHost(host) else { return nil }
        if let port {
            guard let number = HostPort.portNumber(port), number > 0 else { return nil }
        }
        return ExternalURL(scheme: scheme, authority: authority, path: RoutePrefix.normalized(String(rest[slash...])))
    }
}

extension ExternalURL: CustomStringConvertible {
    /// The URL without a slash at its end.
    package var description: String { "\(scheme)://\(authority)\(path)" }
}
