import NIOCore

/// One GET, encoded once and sent as often as wanted.
///
/// Owns URL, headers and the bytes they become on the wire; immutable, to be made anew when a header changes.
package final class HTTPRequest: Sendable {
    /// Where it goes.
    package let url: HTTPURL
    /// The request as it is written to a connection.
    let bytes: ByteBuffer
    private let headers: [(String, String)]

    /// Whether somebody else than the operator wrote the URL down: an address in it has no privileges then.
    let isDiscovered: Bool

    /// Encodes a request; `.invalidRequest` names a header that would break it apart or change its framing, never a
    /// value. With `isDiscovered`, an address in the URL counts as a name's: link-local ones are for the operator only.
    package init(
        _ url: HTTPURL, headers: [(String, String)], isDiscovered: Bool = false
    ) throws(HTTPClientError) {
        if let culprit = Self.unsendableHeader(headers) {
            throw HTTPClientError(.invalidRequest, "header \(culprit) cannot be sent")
        }
        self.url = url
        self.headers = headers
        self.isDiscovered = isDiscovered
        bytes = Self.encode(url, headers)
    }

    private init(checked headers: [(String, String)], url: HTTPURL) {
        isDiscovered = true
        self.url = url
        self.headers = headers
        bytes = Self.encode(url, headers)
    }

    /// The same request to where a redirect leads; credentials go to no other origin than this one's.
    func redirected(to next: HTTPURL) -> HTTPRequest {
        guard !next.sharesOrigin(with: url) else { return HTTPRequest(checked: headers, url: next) }
        return HTTPRequest(checked: headers.filter { !Self.isPrivate($0.0) }, url: next)
    }

    /// The request as a proxy takes it: with the whole URL, and what the proxy wants to hear.
    func bytes(through proxy: Proxy) -> ByteBuffer {
        var message = ByteBuffer()
        message.writeString("GET " + url.description)
        // Without "GET " and without the empty line at its end.
        message.writeImmutableBuffer(
            bytes.getSlice(at: bytes.readerIndex + 4, length: bytes.readableBytes - 6) ?? bytes)
        if let authorization = proxy.authorization {
            message.writeString("Proxy-Authorization: \(authorization.value)\r\n")
        }
        message.writeString("\r\n")
        return message
    }

    private static func encode(_ url: HTTPURL, _ headers: [(String, String)]) -> ByteBuffer {
        var text = "GET \(url.target) HTTP/1.1\r\nHost: \(url.hostHeader)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    /// Headers that are for the configured target only.
    private static func isPrivate(_ name: String) -> Bool {
        ["authorization", "cookie", "proxy-authorization"].contains(name.lowercased())
    }

    private static func unsendableHeader(_ headers: [(String, String)]) -> String? {
        headers.first { !canSend(name: $0.0, value: $0.1) }?.0
    }

    /// Whether a header leaves the request that it stands in whole.
    static func canSend(name: String, value: String) -> Bool {
        let isToken = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
        let isValue = value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
        // There is no body to be announced.
        let isFraming = ["content-length", "transfer-encoding", "host"].contains(name.lowercased())
        return isToken && isValue && !isFraming
    }
}
