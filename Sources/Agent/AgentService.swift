import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Settings
import Synchronization

/// The agent as a service: starts on `run`, drains on graceful shutdown.
package final class AgentService: Service {
    private let options: AgentOptions
    /// The running agent and the loop it is confined to.
    private let core = Mutex<(bound: NIOLoopBound<AgentCore>, eventLoop: any EventLoop)?>(nil)

    package init(_ options: AgentOptions) {
        self.options = options
    }

    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let threadPool = NIOThreadPool(numberOfThreads: 1)
        let slowPool = NIOThreadPool(numberOfThreads: 1)
        threadPool.start()
        slowPool.start()
        let eventLoop = group.next()
        do {
            let options = options
            let core = try await eventLoop.submit {
                let core = try AgentCore(options, eventLoop: eventLoop, threadPool: threadPool, slowPool: slowPool)
                core.start()
                return NIOLoopBound(core, eventLoop: eventLoop)
            }.get()
            self.core.withLock { $0 = (core, eventLoop) }
            // Returns at graceful shutdown or cancellation.
            try? await gracefulShutdown()
            self.core.withLock { $0 = nil }
            try await eventLoop.flatSubmit { core.value.stop() }.get()
            // One more turn, so that goodbyes reach the sockets.
            try await eventLoop.scheduleTask(in: .milliseconds(50)) {}.futureResult.get()
        } catch {
            try? await threadPool.shutdownGracefully()
            try? await slowPool.shutdownGracefully()
            try? await group.shutdownGracefully()
            throw error
        }
        try await threadPool.shutdownGracefully()
        try await slowPool.shutdownGracefully()
        try await group.shutdownGracefully()
    }

    /// Reads the configuration again: targets appear and disappear, unchanged ones are not disturbed. Tunnels keep their
    /// connections; new certificate files are used from the next dial on. On an error everything stays as it was.
    ///
    /// - Throws: `SettingsProblems`, `TLSError`.
    package func reload() async throws {
        guard let core = core.withLock({ $0 }) else { return }
        do {
            let fresh = try AgentSettings.load(path: options.settings.file)
            let before = try await core.eventLoop.submit { core.bound.value.clientsOfJobs }.get()
            // Here, where files may be slow.
            let clients = try JobClients(fresh, environment: options.environment, after: before)
            try await core.eventLoop.submit { core.bound.value.reload(fresh, clients) }.get()
        } catch {
            try? await core.eventLoop.submit { core.bound.value.reloadFailed() }.get()
            throw error
        }
    }
}
