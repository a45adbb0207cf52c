import Logging
import NIOCore
import NIOPosix

/// What jobs show and believe now.
///
/// Owns it through reloads and changed files, which are read on a thread that may block. Confined to its event loop.
final class CurrentClients {
    private(set) var now: JobClients
    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private let logger: Logger
    private var isReading = false
    /// Replacements so far: what was read for older jobs is not used.
    private var generation = 0
    /// What is wrong with files, told once.
    private var told: [String] = []

    init(_ clients: JobClients, eventLoop: any EventLoop, threadPool: NIOThreadPool, logger: Logger) {
        now = clients
        self.eventLoop = eventLoop
        self.threadPool = threadPool
        self.logger = logger
    }

    /// The configuration is another one.
    func replace(with clients: JobClients) {
        now = clients
        generation &+= 1
        told = []
    }

    /// Reads files with certificates and credentials again when they have changed, and calls `onChange` then.
    func refresh(_ onChange: @escaping () -> Void) {
        guard !isReading else { return }
        isReading = true
        let known = now
        let bound = NIOLoopBound((self, generation, onChange), eventLoop: eventLoop)
        threadPool.runIfActive(eventLoop: eventLoop) { known.refreshed() }.whenComplete { result in
            let (clients, generation, onChange) = bound.value
            clients.isReading = false
            guard case .success(let (fresh, problems)) = result, clients.generation == generation else { return }
            clients.tell(problems)
            guard let fresh else { return }
            clients.now = fresh
            onChange()
            clients.logger.info("certificates or credentials of jobs were read again")
        }
    }

    private func tell(_ problems: [String]) {
        for problem in problems where !told.contains(problem) {
            logger.warning("a job goes on with what it had", metadata: ["problem": "\(problem)"])
        }
        told = problems
    }
}
