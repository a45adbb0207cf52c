package import NIOCore
package import Relabeling
package import ScrapeCodec

/// All scrape loops of one event loop.
///
/// Owns the loops and the numbers of their targets: it compares each new list of targets with the last, starts and
/// stops loops accordingly, and tells its owner, who ends it with `stop`. Confined to its event loop: made, called and
/// calling back there.
package final class ScrapeManager {
    /// What the manager tells its owner.
    package struct Callbacks {
        /// A target is scraped from now on. Called again with the same reference when anything but labels and URL of
        /// it changed.
        package var onAnnounce: (Target, UInt32) -> Void
        /// A target is no longer scraped; its reference never comes back.
        package var onWithdraw: (UInt32) -> Void
        /// A scrape ended. Never called before the announcement nor after the withdrawal.
        package var onResult: (UInt32, ScrapeRecord) -> Void

        /// Callbacks; all of them come on the manager's event loop.
        package init(
            onAnnounce: @escaping (Target, UInt32) -> Void, onWithdraw: @escaping (UInt32) -> Void,
            onResult: @escaping (UInt32, ScrapeRecord) -> Void
        ) {
            self.onAnnounce = onAnnounce
            self.onWithdraw = onWithdraw
            self.onResult = onResult
        }
    }

    private let environment: ScrapeEnvironment
    private let references: TargetReferences
    private let callbacks: Callbacks
    private var loops: [TargetIdentity: ScrapeLoop] = [:]
    private var isStarted = false
    private var isStopped = false
    private var withdrawnSkippedTicks: UInt64 = 0

    /// Final scrapes under way at the same time.
    private static let farewellWidth = 64

    /// Makes a manager without targets; `references` is shared by all managers of the process.
    package init(environment: ScrapeEnvironment, references: TargetReferences, callbacks: Callbacks) {
        self.environment = environment
        self.references = references
        self.callbacks = callbacks
    }

    /// How many targets are scraped.
    package var targetCount: Int { loops.count }

    /// Ticks passed over because a scrape took longer than its interval, over all targets ever.
    package var skippedTicks: UInt64 {
        loops.values.reduce(withdrawnSkippedTicks) { $0 &+ $1.skippedTicks }
    }

    /// Scrapes exactly these targets from now on. Those of the first call begin on their own phase (a restart keeps
    /// it); those that appear later are scraped within a second. Of two entries with equal labels and URL the first
    /// counts.
    package func update(_ targets: [Target]) {
        environment.eventLoop.preconditionInEventLoop()
        guard !isStopped else { return }
        let isFirst = !isStarted
        isStarted = true
        var wanted: [(TargetIdentity, Target)] = []
        var identities: Set<TargetIdentity> = []
        for target in targets {
            let identity = TargetIdentity(target)
            if identities.insert(identity).inserted { wanted.append((identity, target)) }
        }
        for (identity, loop) in loops where !identities.contains(identity) {
            loops[identity] = nil
            loop.stop()
            withdrawnSkippedTicks &+= loop.skippedTicks
            callbacks.onWithdraw(loop.reference)
        }
        for (identity, target) in wanted {
            if let loop = loops[identity] {
                guard loop.target != target else { continue }
                loop.retune(target)
                callbacks.onAnnounce(target, loop.reference)
            } else if let reference = references.next() {
                let loop = ScrapeLoop(
                    target: target, reference: reference, environment: environment, onResult: callbacks.onResult)
                loops[identity] = loop
                callbacks.onAnnounce(target, reference)
                loop.start(appearing: !isFirst)
            }
        }
    }

    /// Takes the certificates and headers the environment gives now for the scrapes to come; connections made with other
    /// certificates are closed.
    package func reloadTLS() {
        environment.eventLoop.preconditionInEventLoop()
        for loop in loops.values { loop.reloadTLS() }
    }

    /// Scrapes every target a last time, some at a time, and ends all loops; the future completes when all are done,
    /// at `deadline` at the latest. What the deadline cut short is not recorded.
    package func scrapeAllOnce(deadline: NIODeadline) -> EventLoopFuture<Void> {
        environment.eventLoop.preconditionInEventLoop()
        let promise = environment.eventLoop.makePromise(of: Void.self)
        let farewell = Farewell(loops: Array(loops.values), deadline: deadline, promise: promise)
        farewell.start(width: Self.farewellWidth)
        return promise.futureResult
    }

    /// Ends all loops at once, without results and without withdrawals.
    package func stop() {
        environment.eventLoop.preconditionInEventLoop()
        isStopped = true
        for loop in loops.values {
            loop.stop()
            withdrawnSkippedTicks &+= loop.skippedTicks
        }
        loops = [:]
    }
}
