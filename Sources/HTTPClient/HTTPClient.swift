// HTTPClient fetches a target's exposition: one GET at a time over a connection that is kept for the next one. This
// room owns URLs, name resolution and the judgement of addresses, connections, redirects, the deadline over all of it,
// gzip, and the memory that bodies in flight may take. What a body means is somebody else's business.

package import NIOCore
package import TLS

/// Fetches from one target, over one connection that is kept alive between requests.
///
/// Owns the idle connection and the request under way, until `close`, which its owner must call. Confined to its event
/// loop: every call is made there, and futures complete there.
package final class HTTPClient {
    let means: HTTPClientMeans
    private(set) var settings: HTTPClientSettings
    private(set) var security: Security
    /// Changes with what connections are made by: one that is older serves no further request.
    private(set) var generation = 0
    private var idle: HTTPConnection?
    private var current: HTTPExchange?
    private var isClosed = false
    /// Sizes of the previous body, after and before decoding: a good guess at the next.
    private(set) var expectedSize = (body: 0, wire: 0)
    /// Connections made since the start.
    package private(set) var connectionsMade: UInt64 = 0

    /// Makes a client; it connects on the first request. `tls` serves `https` URLs, `serverName` is verified instead of
    /// the URL's host when given.
    package init(
        means: HTTPClientMeans, tls: TLSContext?, serverName: String? = nil,
        settings: HTTPClientSettings = HTTPClientSettings()
    ) {
        self.means = means
        self.settings = settings
        security = Security(context: tls, serverName: serverName)
    }

    /// Uses other certificates from the next request on; with the same ones nothing happens.
    package func replaceTLS(_ tls: TLSContext?, serverName: String? = nil) {
        guard tls !== security.context || serverName != security.serverName else { return }
        security = Security(context: tls, serverName: serverName)
        generation &+= 1
        guard let idle, idle.route.proxy?.scheme == .https || idle.url.scheme == .https else { return }
        idle.close()
        self.idle = nil
    }

    /// Uses another resolver, policy or proxy from the next request on; a connection that another policy or proxy led to
    /// is closed.
    package func replaceSettings(_ settings: HTTPClientSettings) {
        let isSame = settings.policy == self.settings.policy && settings.proxy == self.settings.proxy
        self.settings = settings
        guard !isSame else { return }
        generation &+= 1
        idle?.close()
        idle = nil
    }

    /// Sends `request` and calls `complete` once, not later than `deadline` and a few milliseconds; perhaps before it
    /// returns.
    ///
    /// Only a 200 succeeds. `bodyLimit` is in bytes after gzip, and a body fails when it reaches the limit (so does
    /// Prometheus); 0 or less means 16 MiB. `Authorization` and `Cookie` go to no other origin than the first.
    package func get(
        _ request: HTTPRequest, deadline: NIODeadline, bodyLimit: Int, followRedirects: Bool,
        complete: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        means.eventLoop.preconditionInEventLoop()
        guard !isClosed else {
            return complete(.failure(HTTPClientError(.connectionLost, "the client is closed")))
        }
        guard current == nil else {
            return complete(.failure(HTTPClientError(.overloaded, "a request is already under way")))
        }
        let exchange = HTTPExchange(
            request, deadline: deadline, bodyLimit: bodyLimit > 0 ? bodyLimit : HTTPClientSettings.defaultBodyLimit,
            followsRedirects: followRedirects, client: self, complete: complete)
        current = exchange
        exchange.start()
    }

    /// Ends the request under way with `.connectionLost` and closes the connection.
    package func close() {
        means.eventLoop.preconditionInEventLoop()
        isClosed = true
        idle?.close()
        idle = nil
        current?.abort(HTTPClientError(.connectionLost, "the client was closed"))
    }
}

extension HTTPClient {
    /// Hands out the idle connection if it serves `url` on this way; any other one is closed.
    func takeIdle(for url: HTTPURL, by route: Route) -> HTTPConnection? {
        guard let connection = idle else { return nil }
        idle = nil
        if connection.isOpen, connection.serves(url, by: route) { return connection }
        connection.close()
        return nil
    }

    func connectionMade() {
        connectionsMade &+= 1
    }

    /// Keeps a connection whose answer was read to its end for the next request.
    func keep(_ connection: HTTPConnection) {
        if isClosed || !connection.isOpen || connection.generation != generation {
            connection.close()
        } else {
            idle = connection
        }
    }

    /// The exchange is over, with this response when it succeeded.
    func exchangeEnded(_ exchange: HTTPExchange, _ response: HTTPClientResponse?) {
        if current === exchange { current = nil }
        if let response { expectedSize = (response.body.readableBytes, response.wireBytes) }
    }
}
