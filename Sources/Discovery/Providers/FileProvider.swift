import NIOCore
import NIOPosix
import Settings

/// Looks at the files of one job every five seconds, on a thread that may block.
final class FileProvider: DiscoveryProvider {
    private var discovery: FileDiscovery
    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private var timer: Scheduled<Void>?
    private var isStopped = false

    /// As often as Prometheus applies changes.
    static let pause = TimeAmount.seconds(5)

    init(_ configs: [FileSDConfig], eventLoop: any EventLoop, threadPool: NIOThreadPool) {
        discovery = FileDiscovery(configs)
        self.eventLoop = eventLoop
        self.threadPool = threadPool
    }

    func start(_ report: @escaping (DiscoveryReport) -> Void) {
        // The first look is not left to others: the agent begins with what is in the files.
        apply(Self.look(discovery), report)
    }

    var isSettled: Bool { timer != nil }

    func stop() {
        isStopped = true
        timer?.cancel()
    }

    private static func look(_ discovery: FileDiscovery) -> (FileDiscovery, DiscoveryReport) {
        var discovery = discovery
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000)
        let (hasChanged, problems) = discovery.refresh(now: now)
        return (
            discovery,
            DiscoveryReport(
                groups: hasChanged ? discovery.groups : nil, failures: problems.count,
                problems: problems.map(\.description))
        )
    }

    private func apply(_ look: (FileDiscovery, DiscoveryReport), _ report: @escaping (DiscoveryReport) -> Void) {
        guard !isStopped else { return }
        discovery = look.0
        if look.1.groups != nil || !look.1.problems.isEmpty { report(look.1) }
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.lookAgain(report) }
    }

    private func lookAgain(_ report: @escaping (DiscoveryReport) -> Void) {
        guard !isStopped else { return }
        let known = discovery
        threadPool.runIfActive(eventLoop: eventLoop) { Self.look(known) }
            .assumeIsolated().whenSuccess { self.apply($0, report) }
    }
}
