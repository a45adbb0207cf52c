import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
package import PrometheusInstrumentation
import ServiceLifecycle

/// The collector's web port. This room shows the replica to the outside world: the store of agents, targets and newest
/// scrapes, who reads their history and how far each has come, the pages over both, and the HTTP server they are read
/// through.
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
    /// Who reads history. Its files are read when the server starts, written while it runs and when it stops.
    package let history: History?

    /// Between two looks at whether cursors have moved.
    private static let savePause = Duration.seconds(1)

    package init(
        configuration: WebConfiguration, store: TargetStore, registry: MetricsRegistry, logger: Logger,
        group: any EventLoopGroup, history: History? = nil, reload: @escaping @Sendable () throws -> Void,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.configuration = configuration
        self.store = store
        self.registry = registry
        self.logger = logger
        self.group = group
        self.history = history
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
            targetPages: pages, history: history
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
        guard let history else { return try await application.run() }
        try await blocking { history.load() }
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await application.run() }
                tasks.addTask { await save(history) }
                try await tasks.next()
                tasks.cancelAll()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // Kept even when this task is cancelled.
        await Task { try? await blocking { history.save(isLast: true) } }.value
        try result.get()
    }

    private func save(_ history: History) async {
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: Self.savePause)) != nil else { return }
            await history.keep()
        }
    }

    private func blocking(_ work: @escaping @Sendable () -> Void) async throws {
        try await NIOThreadPool.singleton.runIfActive(work)
    }
}
