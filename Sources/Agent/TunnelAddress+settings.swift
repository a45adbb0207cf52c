package import Settings
package import Tunnel

extension TunnelAddress {
    package init(_ collector: CollectorAddress) {
        self.init(
            host: collector.host, port: collector.port, serverName: collector.tlsConfig.serverName,
            proxy: collector.proxy.map { proxy in
                Proxy(
                    host: proxy.host, port: proxy.port,
                    credentials: proxy.credentials.map { "\($0.username):\($0.password.value)" })
            })
    }
}
