import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
package import PrometheusInstrumentation
import ServiceLifecycle

/// The collector's web port. This room shows the replica to the outside world: the store of agents, targets and newest
/// scrapes, the pages over it, and the HTTP server they are read through.
package struct WebServer: Service {
    package let configuration: WebConfiguration
    package let store: TargetStore
    package let registry: MetricsRegistry
    package let logger: Logger
    package let group: any EventLoopGroup
    /// Reloads the configuration; throws with a sentence for the caller.
    package let reload: @Sendable () throws -> Void
    /// Told the port once it is bound.
    package let onListening: @Sendable (Int) -> Void

    package init(
        configuration: WebConfiguration, store: TargetStore, registry: MetricsRegistry, logger: Logger,
        group: any EventLoopGroup, reload: @escaping @Sendable () throws -> Void,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.configuration = configuration
        self.store = store
        self.registry = registry
        self.logger = logger
        self.group = group
        self.reload = reload
        self.onListening = onListening
    }

    package func run() async throws {
        // Hummingbird's own lines repeat what ours say, or complain of being stopped.
        var quiet = logger
        quiet.logLevel = .critical
        let router = Router(context: ReaderContext.self)
        let metrics = try WebMetrics(registry)
        let pages = TargetPages(configuration: configuration, store: store)
        WebRoutes(
            configuration: configuration, store: store, registry: registry, reload: reload, metrics: metrics,
            targetPages: pages
        ).register(on: router)
        let limits = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 16 * 1024, maxHeaderFieldCount: 100)
        let tls = configuration.tls
        let idleTimeout = TimeAmount(configuration.idleTimeout)
        var fast: (@Sendable () -> TargetPageHandler)?
        if configuration.usesFastPath {
            fast = { TargetPageHandler(pages: pages, metrics: metrics, idleTimeout: idleTimeout) }
        }
        let builder = HTTPServerBuilder { [fast] responder in
            // The idle timeout is Hummingbird's only where Hummingbird sees every request.
            WebChannel(
                http: HTTP1Channel(
                    responder: responder,
                    configuration: .init(
                        idleTimeout: fast == nil ? idleTimeout : nil, httpDecoderConfiguration: limits)),
                tls: tls, targetPages: fast)
        }
        let application = Application(
            router: router, server: builder,
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil,
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: quiet)),
            onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        try await application.run()
    }
}
