import Glibc
import Logging
import ServiceLifecycle
import Settings
import TLS
import UnixSignals

/// What agent and collector have in common as processes: signals, and the service group that owns shutdown.
enum Process {
    /// Runs until SIGTERM, SIGINT or a failure. A second signal ends the process at once.
    static func run(
        _ service: some Service, logger: Logger, reload: @escaping @Sendable () async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        // Service lifecycle logs at its own levels what our own lines say already.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        Task.detached { await endAtSecondSignal(logger) }
        let reloader = ReloadService(logger: logger, reload: reload)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: reloader, successTerminationBehavior: .ignore),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await group.run()
    }

    /// Whoever signals twice does not want to wait for last scrapes.
    private static func endAtSecondSignal(_ logger: Logger) async {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            guard count == 2 else { continue }
            logger.warning("second signal: ending at once")
            _exit(ExitStatus.failure)
        }
    }

    /// A connection and a file or two for each target and each agent: more than the usual soft limit of 1,024.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(7), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(7), &limit)
    }
}

/// Reads the configuration again on SIGHUP. An error is logged and changes nothing.
private struct ReloadService: Service {
    let logger: Logger
    let reload: @Sendable () async throws -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            do {
                try await reload()
            } catch {
                let reason = (error as? TLSError)?.sentence ?? "\(error)"
                logger.error(
                    "configuration not reloaded; the old one stays in force", metadata: ["reason": "\(reason)"])
            }
        }
    }
}
