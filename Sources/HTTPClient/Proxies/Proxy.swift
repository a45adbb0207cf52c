import TLS

/// An HTTP proxy: where it is, how it is spoken to, and what it wants to hear.
///
/// Owns scheme, host, port, the credentials of its URL and the headers that go along with CONNECT. Prints as a URL without
/// credentials.
package struct Proxy: Sendable, Hashable, CustomStringConvertible {
    /// Whether the way to the proxy itself is plain or TLS.
    package let scheme: HTTPURL.Scheme
    /// A lower-case name or an address literal, an IPv6 address without its brackets.
    package let host: String
    /// 1 … 65535; 80 or 443 where the URL has none.
    package let port: Int
    /// The value of `Proxy-Authorization`.
    let authorization: HiddenText?
    /// What else goes along with CONNECT.
    let connectHeaders: [ProxyHeader]
    private let hostHeader: String

    /// The URL of the proxy, without its credentials.
    package var description: String { "\(scheme.rawValue)://\(hostHeader)" }

    /// A proxy from a URL such as `http://user:password@proxy:3128`; user and password are percent-decoded. Errors are
    /// `.invalidRequest` and repeat nothing of the URL.
    package init(parsing text: String, connectHeaders: [ProxyHeader] = []) throws(HTTPClientError) {
        guard let separator = text.utf8.firstRange(of: "://".utf8),
            let scheme = HTTPURL.Scheme(rawValue: text[..<separator.lowerBound].lowercased())
        else { throw HTTPClientError(.invalidRequest, "proxy URL without http:// or https://") }
        var rest = Array(text.utf8[separator.upperBound...].prefix { !"/?#".utf8.contains($0) })[...]
        guard rest.count <= Self.lengthLimit else {
            throw HTTPClientError(.invalidRequest, "proxy URL longer than \(Self.lengthLimit) bytes")
        }
        var authorization: HiddenText?
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
            authorization = try Self.authorization(rest[..<at])
            rest = rest[(at + 1)...]
        }
        let authority: Authority
        do {
            authority = try Authority(rest, defaultPort: scheme.defaultPort, failing: .invalidRequest)
        } catch {
            throw HTTPClientError(.invalidRequest, "proxy URL: \(error.message)")
        }
        self.scheme = scheme
        host = authority.host
        port = authority.port
        hostHeader = authority.hostHeader
        self.authorization = authorization
        self.connectHeaders = connectHeaders
    }

    private static let lengthLimit = 4096

    /// Basic authentication with `user:password`, either part perhaps empty; nil when both are.
    private static func authorization(_ userInformation: ArraySlice<UInt8>) throws(HTTPClientError) -> HiddenText? {
        guard !userInformation.isEmpty else { return nil }
        let colon = userInformation.firstIndex(of: UInt8(ascii: ":")) ?? userInformation.endIndex
        guard let user = percentDecoded(userInformation[..<colon]),
            let password = percentDecoded(userInformation[colon...].dropFirst())
        else { throw HTTPClientError(.invalidRequest, "proxy URL with a lone % in its user or password") }
        guard !user.contains(UInt8(ascii: ":")) else {
            throw HTTPClientError(.invalidRequest, "proxy URL with a colon in its user")
        }
        return HiddenText("Basic " + Base64.encode(user + [UInt8(ascii: ":")] + password))
    }

    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x57
        default: nil
        }
    }
}
