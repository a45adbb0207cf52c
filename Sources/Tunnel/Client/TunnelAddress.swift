/// Where a collector is dialled, and through what.
package struct TunnelAddress: Sendable, Hashable {
    /// An HTTP proxy that is asked to CONNECT.
    package struct Proxy: Sendable, Hashable {
        package var host: String
        package var port: Int
        /// `user:password` for basic authentication, nil for none. A secret.
        package var credentials: String?

        package init(host: String, port: Int, credentials: String?) {
            self.host = host
            self.port = port
            self.credentials = credentials
        }
    }

    package var host: String
    package var port: Int
    /// The name the collector's certificate must carry; the host by default.
    package var serverName: String
    package var proxy: Proxy?

    package init(host: String, port: Int, serverName: String? = nil, proxy: Proxy? = nil) {
        self.host = host
        self.port = port
        self.serverName = serverName ?? host
        self.proxy = proxy
    }

    /// `host:port`, with brackets where the host is an IPv6 literal.
    package var description: String { TunnelAddress.join(host, port) }

    static func join(_ host: String, _ port: Int) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
