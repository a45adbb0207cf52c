/// An absolute `http` or `https` URL, taken apart for a request.
///
/// Owns scheme, host, port and the request target (path and query in origin form). Carries no user information and no
/// fragment: the first is refused, the second dropped.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// The two schemes a target can have.
    package enum Scheme: String, Sendable, Hashable {
        case http
        case https

        /// 80 or 443.
        package var defaultPort: Int { self == .http ? 80 : 443 }
    }

    /// Plain or over TLS.
    package let scheme: Scheme
    /// A lower-case name or an address literal, an IPv6 address without its brackets.
    package let host: String
    /// 1 … 65535; the scheme's own where the URL has none.
    package let port: Int
    /// Path and query as they stand in the request line; begins with `/`.
    package let target: String
    /// The value of the Host header: the port stands in it when the URL spelled it out.
    package let hostHeader: String

    /// Scheme, host and port: what can be shown to people without showing a secret in the query.
    package var description: String { "\(scheme.rawValue)://\(hostHeader)" }

    /// Parses an absolute URL; errors are `.invalidRequest` and never repeat path, query or user information.
    package init(parsing text: String) throws(HTTPClientError) {
        try self.init(parsing: Array(text.utf8), failing: .invalidRequest)
    }

    /// Whether both URLs are served by the same connection.
    package func sharesOrigin(with other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The URL a `Location` header points to from here (RFC 3986 §5.2); errors are `.redirectRefused`.
    package func resolving(location: String) throws(HTTPClientError) -> HTTPURL {
        var reference = Array(location.utf8)
        if let fragment = reference.firstIndex(of: UInt8(ascii: "#")) { reference.removeSubrange(fragment...) }
        if Self.scheme(of: reference) != nil {
            return try HTTPURL(parsing: reference, failing: .redirectRefused)
        }
        if reference.starts(with: "//".utf8) {
            return try HTTPURL(parsing: Array("\(scheme.rawValue):".utf8) + reference, failing: .redirectRefused)
        }
        let base = Array(target.utf8)
        let basePath = base.prefix { $0 != UInt8(ascii: "?") }
        let resolved: [UInt8]
        if reference.isEmpty {
            resolved = base
        } else if reference[0] == UInt8(ascii: "?") {
            resolved = basePath + reference
        } else if reference[0] == UInt8(ascii: "/") {
            resolved = reference
        } else {
            let lastSlash = basePath.lastIndex(of: UInt8(ascii: "/")) ?? basePath.startIndex
            resolved = basePath[...lastSlash] + reference
        }
        return HTTPURL(
            scheme: scheme, host: host, port: port,
            target: try Self.originForm(Self.removingDotSegments(resolved), failing: .redirectRefused),
            hostHeader: hostHeader)
    }

    private init(scheme: Scheme, host: String, port: Int, target: String, hostHeader: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
        self.hostHeader = hostHeader
    }

    private init(parsing bytes: [UInt8], failing code: HTTPClientError.Code) throws(HTTPClientError) {
        guard bytes.count <= Self.lengthLimit else {
            throw HTTPClientError(code, "URL longer than \(Self.lengthLimit) bytes")
        }
        guard let name = Self.scheme(of: bytes), let scheme = Scheme(rawValue: name) else {
            throw HTTPClientError(code, "URL without http:// or https://")
        }
        var rest = bytes[(name.utf8.count + 1)...]
        guard rest.starts(with: "//".utf8) else { throw HTTPClientError(code, "URL without // after its scheme") }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let authority = try Authority(rest[..<end], defaultPort: scheme.defaultPort, failing: code)
        self.init(
            scheme: scheme, host: authority.host, port: authority.port,
            target: try Self.originForm(Array(rest[end...]), failing: code), hostHeader: authority.hostHeader)
    }

    /// The longest URL taken, bytes.
    private static let lengthLimit = 16 * 1024

    /// The scheme in lower case when the text begins with one and a colon.
    private static func scheme(of bytes: [UInt8]) -> String? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        let name = bytes[..<colon].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        guard (0x61...0x7a).contains(name[0]) else { return nil }
        for byte in name {
            guard (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte) else {
                return nil
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Path and query fit for a request line: without fragment, spaces and non-ASCII bytes escaped, controls refused.
    private static func originForm(
        _ bytes: [UInt8], failing code: HTTPClientError.Code
    ) throws(HTTPClientError) -> String {
        guard bytes.count <= lengthLimit else { throw HTTPClientError(code, "URL longer than \(lengthLimit) bytes") }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 1)
        if bytes.first != UInt8(ascii: "/") { result.append(UInt8(ascii: "/")) }
        for byte in bytes {
            if byte == UInt8(ascii: "#") { break }
            if byte < 0x20 || byte == 0x7f { throw HTTPClientError(code, "control character in the URL's path") }
            if byte > 0x7f || byte == 0x20 {
                result.append(UInt8(ascii: "%"))
                result.append(contentsOf: [hexDigit(byte >> 4), hexDigit(byte & 15)])
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    /// RFC 3986 §5.2.4 on the path of `bytes`; the query is left alone.
    private static func removingDotSegments(_ bytes: [UInt8]) -> [UInt8] {
        let path = bytes.prefix { $0 != UInt8(ascii: "?") }
        let dot = UInt8(ascii: ".")
        var kept: [ArraySlice<UInt8>] = []
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment.elementsEqual([dot]) {
                if isLast { kept.append([]) }
            } else if segment.elementsEqual([dot, dot]) {
                _ = kept.popLast()
                if isLast { kept.append([]) }
            } else {
                kept.append(segment)
            }
        }
        return [UInt8(ascii: "/")] + kept.joined(separator: [UInt8(ascii: "/")]) + bytes[path.endIndex...]
    }
}
