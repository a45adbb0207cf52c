import Glibc
import Logging
import NIOCore
import NIOPosix
import PrometheusInstrumentation
import ScrapeLog
import ServiceLifecycle
import Settings
import Synchronization
import TLS
import Tunnel
import Views

/// The collector as a service: agents' logs come in through the tunnel, are kept as replicas, and are shown by the
/// views. This room wires the others together and owns their lives.
package final class CollectorService: Service {
    private let options: CollectorOptions
    private let logger: Logger
    private let tls: TLSMaterial
    private let trustDomain: String
    private let metrics: CollectorMetrics
    private let store: TargetStore
    private let replicas: ReplicaStore
    private let history: History
    private let threadPool = NIOThreadPool(numberOfThreads: 2)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: max(2, System.coreCount))

    /// - Throws: `TLSError`, `CollectorError`: one sentence and a cure.
    package init(_ options: CollectorOptions) throws {
        self.options = options
        self.logger = options.logger
        tls = try TLSMaterial(options.settings)
        trustDomain = try TLSMaterial.trustDomain(options.settings, own: tls.tunnel.ownCertificate)
        metrics = try CollectorMetrics(version: options.version)
        let wallClock = options.wallClock
        store = TargetStore(clock: {
            Moment(
                wall: wallClock() / 1000, steady: Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000))
        })
        replicas = ReplicaStore(
            settings: options.settings, store: store, metrics: metrics, logger: logger, threadPool: threadPool)
        try metrics.register(store, replicas)
        let history = try History(
            store: store, readers: options.settings.readers.map(HistoryReader.init),
            directory: options.settings.log.directory.map { $0 + "/readers" }, registry: metrics.registry,
            logger: logger)
        self.history = history
        replicas.keep(
            for: HistoryDemand(
                oldestUnread: { history.oldestUnread(agent: $0) }, cursors: { history.cursors(agent: $0) },
                deleted: { history.deleted($0, unreadBy: $1) }))
    }

    package func run() async throws {
        threadPool.start()
        do {
            try await serve()
        } catch {
            await stop()
            throw error
        }
        await stop()
    }

    private func serve() async throws {
        let settings = options.settings
        // Before anything else: a port in use is then known at once, with nothing to take back.
        let listener = try await listen(settings)
        let web = webServer(settings)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await Self.naming(settings.web.listenAddress, "web.listen_address") { try await web.run() }
            }
            tasks.addTask { try await self.replicate(listener) }
            // Both end on shutdown; one that fails takes the other with it.
            for try await _ in tasks {}
        }
    }

    private func listen(_ settings: CollectorSettings) async throws -> TunnelListener {
        let configuration = TunnelListener.Configuration(
            host: settings.tunnel.listenAddress.host, port: settings.tunnel.listenAddress.port,
            trustDomain: trustDomain, name: Self.hostName(), wallClock: options.wallClock)
        let (context, group, replicas) = (tls.tunnel, group, replicas)
        let listener = try await Self.naming(settings.tunnel.listenAddress, "tunnel.listen_address") {
            try await TunnelListener.start(configuration, tls: context, authority: replicas, group: group)
        }
        logger.info(
            "tunnel listening",
            metadata: [
                "address": "\(settings.tunnel.listenAddress.host):\(listener.port ?? 0)",
                "trust_domain": "\(trustDomain)", "tls": "\(TLSContext.systemDescription())",
            ])
        currentListener.withLock { $0 = listener }
        return listener
    }

    private func replicate(_ listener: TunnelListener) async throws {
        let replicas = replicas
        // Agents that dial meanwhile are asked to come back in a second.
        try await threadPool.runIfActive { try replicas.load() }
        await withTaskGroup(of: Void.self) { upkeep in
            upkeep.addTask { await Self.every(.milliseconds(500)) { await replicas.sync() } }
            upkeep.addTask { await Self.every(.seconds(30)) { replicas.expire() } }
            try? await gracefulShutdown()
            upkeep.cancelAll()
        }
        await listener.stop(message: "the collector stops")
        // What agents sent until now becomes durable, even when this task is cancelled; they are told by the next Welcome.
        await Task {
            try? await Task.sleep(for: .milliseconds(100))
            await replicas.sync()
        }.value
        replicas.close()
        logger.info("collector stopped")
    }

    private let currentListener = Mutex<TunnelListener?>(nil)

    private static func every(_ interval: Duration, _ work: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            guard !Task.isCancelled else { return }
            await work()
        }
    }

    private func webServer(_ settings: CollectorSettings) -> WebServer {
        let tls = tls
        var configuration = WebConfiguration(
            host: settings.web.listenAddress.host, port: settings.web.listenAddress.port,
            externalURL: settings.web.externalURL.map {
                ExternalURL(scheme: $0.scheme, address: $0.authority, path: $0.path)
            },
            routePrefix: settings.web.effectiveRoutePrefix, enableLifecycle: settings.web.enableLifecycle,
            compression: settings.web.compression.view)
        if let first = tls.web { configuration.tls = { tls.web ?? first } }
        let logger = logger
        return WebServer(
            configuration: configuration, store: store, registry: metrics.registry, logger: logger, group: group,
            history: history, reload: { try self.reload() },
            onListening: { port in
                logger.info("web listening", metadata: ["address": "\(settings.web.listenAddress.host):\(port)"])
            })
    }

    /// Reads the configuration and all certificate files again. On an error everything stays as it was.
    package func reload() throws {
        let fresh = try CollectorSettings.load(path: options.settings.file)
        try tls.reload(fresh)
        currentListener.withLock { $0 }?.use(tls.tunnel)
        replicas.reload(fresh)
        history.reload(fresh.readers.map(HistoryReader.init))
        let old = options.settings
        if fresh.tunnel.listenAddress != old.tunnel.listenAddress || fresh.web != old.web
            || fresh.log.directory != old.log.directory
        {
            logger.warning("changed listen addresses, web settings and log.directory take effect after a restart")
        }
        logger.notice("configuration reloaded", metadata: ["file": "\(fresh.file)"])
    }

    private func stop() async {
        try? await threadPool.shutdownGracefully()
        try? await group.shutdownGracefully()
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "collector" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Runs `body`; an error about the address names it and says what to do.
    private static func naming<Value: Sendable>(
        _ address: HostPort, _ key: String, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as IOError {
            let name = "\(key) \(address.host):\(address.port)"
            switch error.errnoCode {
            case EADDRINUSE:
                throw CollectorError(
                    message: "\(name) is in use by another process",
                    cure: "stop that process (ss -ltnp shows it) or choose another port")
            case EACCES:
                throw CollectorError(
                    message: "\(name): no permission to listen",
                    cure: "choose a port above 1023 or grant CAP_NET_BIND_SERVICE")
            case EADDRNOTAVAIL:
                throw CollectorError(
                    message: "\(name): this host has no such address", cure: "use an address of this host or 0.0.0.0")
            default: throw CollectorError(message: "\(name): \(error)", cure: "check the address")
            }
        }
    }
}

extension HistoryReader {
    fileprivate init(_ entry: HistoryReaderEntry) {
        self.init(name: entry.name, isKeyedByAddress: entry.isKeyedByAddress, maxAge: entry.maxAge)
    }
}

extension WebSettings.Compression {
    fileprivate var view: WebConfiguration.Compression {
        switch self {
        case .auto: .auto
        case .on: .on
        case .off: .off
        }
    }
}
