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
    private let eventLoop: any EventLoop
    private let budget: BodyBudget
    private let settings: HTTPClientSettings
    private var security: Security
    private var idle: HTTPConnection?
    private var current: HTTPExchange?
    private var isClosed = false
    /// Size of the previous body: a good guess at the next.
    private var expectedSize = 0
    /// Connections made since the start.
    package private(set) var connectionsMade: UInt64 = 0

    /// Makes a client; it connects on the first request. `tls` serves `https` URLs, `serverName` is verified instead of
    /// the URL's host when given.
    package init(
        eventLoop: any EventLoop, tls: TLSContext?, serverName: String? = nil, budget: BodyBudget,
        settings: HTTPClientSettings = HTTPClientSettings()
    ) {
        self.eventLoop = eventLoop
        self.budget = budget
        self.settings = settings
        security = Security(context: tls, serverName: serverName)
    }

    /// Uses other certificates from the next request on.
    package func replaceTLS(_ tls: TLSContext?, serverName: String? = nil) {
        security = Security(context: tls, serverName: serverName)
        guard idle?.url.scheme == .https else { return }
        idle?.close()
        idle = nil
    }

    /// Fetches `url`; the future fails with `HTTPClientError`, and not later than `deadline`.
    ///
    /// Only a 200 succeeds. `bodyLimit` is in bytes after gzip, and a body fails when it reaches the limit (so does
    /// Prometheus); 0 or less means 16 MiB. `Authorization` and `Cookie` go to no other origin than the first.
    package func get(
        _ url: HTTPURL, headers: [(String, String)], deadline: NIODeadline, bodyLimit: Int, followRedirects: Bool
    ) -> EventLoopFuture<HTTPClientResponse> {
        eventLoop.preconditionInEventLoop()
        guard !isClosed else {
            return eventLoop.makeFailedFuture(HTTPClientError(.connectionLost, "the client is closed"))
        }
        guard current == nil else {
            return eventLoop.makeFailedFuture(HTTPClientError(.overloaded, "a request is already under way"))
        }
        let exchange = HTTPExchange(
            url, headers: headers, deadline: deadline,
            bodyLimit: bodyLimit > 0 ? bodyLimit : HTTPClientSettings.defaultBodyLimit,
            followsRedirects: followRedirects, client: self)
        current = exchange
        return exchange.start()
    }

    /// Ends the request under way with `.connectionLost` and closes the connection.
    package func close() {
        eventLoop.preconditionInEventLoop()
        isClosed = true
        idle?.close()
        idle = nil
        current?.abort(HTTPClientError(.connectionLost, "the client was closed"))
    }
}

extension HTTPClient {
    /// What an exchange needs of its client.
    struct Means {
        let eventLoop: any EventLoop
        let budget: BodyBudget
        let settings: HTTPClientSettings
        let security: Security
        let expectedSize: Int
    }

    var means: Means {
        Means(
            eventLoop: eventLoop, budget: budget, settings: settings, security: security, expectedSize: expectedSize)
    }

    /// Hands out the idle connection if it serves `url`; any other one is closed.
    func takeIdle(for url: HTTPURL) -> HTTPConnection? {
        guard let connection = idle else { return nil }
        idle = nil
        if connection.isOpen, connection.url.sharesOrigin(with: url) { return connection }
        connection.close()
        return nil
    }

    func connectionMade() {
        connectionsMade &+= 1
    }

    /// Keeps a connection whose answer was read to its end for the next request.
    func keep(_ connection: HTTPConnection) {
        if isClosed || !connection.isOpen {
            connection.close()
        } else {
            idle = connection
        }
    }

    /// The exchange is over; `size` is that of its body when it succeeded.
    func exchangeEnded(_ exchange: HTTPExchange, size: Int?) {
        if current === exchange { current = nil }
        if let size { expectedSize = size }
    }
}
