import NIOCore
import TLS

/// What stands between the socket and HTTP for one origin.
///
/// Owns the choice of the TLS handler and the translation of its errors: the only place of this room that knows them.
struct Security {
    let context: TLSContext?
    /// The name to verify instead of the URL's host.
    let serverName: String?

    /// The TLS handler for an `https` URL, nil for `http`. It has all the time there is: the request's own deadline is
    /// the one that counts, and says "timed out".
    func handler(for url: HTTPURL, deadline: NIODeadline) throws(HTTPClientError) -> TLSHandler? {
        guard url.scheme == .https else { return nil }
        guard let context else { throw HTTPClientError(.tlsFailed, "no TLS settings for \(url)") }
        let grace = TimeAmount.seconds(1)
        return TLSHandler(
            context: context, serverName: serverName ?? Self.verifiedName(url.host),
            handshakeTimeout: max(deadline - .now(), grace) + grace)
    }

    /// The TLS handler for the way to a proxy, nil where that is plain. The same certificates and trust, but the name is
    /// the proxy's own.
    func handler(for proxy: Proxy, deadline: NIODeadline) throws(HTTPClientError) -> TLSHandler? {
        guard proxy.scheme == .https else { return nil }
        guard let context else { throw HTTPClientError(.tlsFailed, "no TLS settings for proxy \(proxy)") }
        let grace = TimeAmount.seconds(1)
        return TLSHandler(
            context: context, serverName: Self.verifiedName(proxy.host),
            handshakeTimeout: max(deadline - .now(), grace) + grace)
    }

    /// The error of a TLS connection in the terms of this room; nil when it says no more than "closed".
    static func translate(_ error: any Error) -> HTTPClientError? {
        guard let error = error as? TLSError else { return nil }
        switch error.code {
        case .uncleanShutdown, .closed: return nil
        default: return HTTPClientError(.tlsFailed, error.message)
        }
    }

    /// Names in certificates end without a dot, and addresses have no zone.
    private static func verifiedName(_ host: String) -> String {
        var name = host.prefix { $0 != "%" }
        if name.hasSuffix("."), name.count > 1 { name.removeLast() }
        return String(name)
    }
}
