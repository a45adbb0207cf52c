package import TLS

/// How the collector's web port is reached and what it allows.
package struct WebConfiguration: Sendable {
    /// Whether bodies are gzipped for readers that accept it.
    package enum Compression: Sendable {
        /// Off on loopback, on otherwise.
        case auto
        case on
        case off
    }

    package var host: String
    package var port: Int
    /// `https://metrics.example.com/culvert`, as readers see the collector; nil to use the request's Host.
    package var externalURL: ExternalURL?
    /// In front of every route; empty or `/prefix`, no slash at the end.
    package var routePrefix: String
    package var enableLifecycle: Bool
    package var compression: Compression
    /// The current TLS context; nil for plain HTTP.
    package var tls: (@Sendable () -> TLSContext)?
    /// Connections at a time; more wait to be accepted.
    package var maximumConnections = 4096
    /// After which an idle connection is closed.
    package var idleTimeout = Duration.seconds(60)
    /// Whether plain scrapes of target pages are answered on the event loop; the router's answers are the same.
    package var usesFastPath = true

    package init(
        host: String, port: Int, externalURL: ExternalURL? = nil, routePrefix: String = "",
        enableLifecycle: Bool = false, compression: Compression = .auto, tls: (@Sendable () -> TLSContext)? = nil
    ) {
        self.host = host
        self.port = port
        self.externalURL = externalURL
        self.routePrefix = routePrefix
        self.enableLifecycle = enableLifecycle
        self.compression = compression
        self.tls = tls
    }
}

/// `web.external_url`, taken apart.
package struct ExternalURL: Sendable, Hashable {
    package var scheme: String
    /// Host and, when one was given, port: what readers find in `__address__`.
    package var address: String
    /// Empty or `/prefix`, no slash at the end.
    package var path: String

    package init(scheme: String, address: String, path: String) {
        self.scheme = scheme
        self.address = address
        self.path = path
    }
}
