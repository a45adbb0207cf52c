import NIOCore

/// Those who want to know whether an agent is still there. Confined to the connection's event loop.
struct LifeProbes {
    private var waiting: [(since: NIODeadline, promise: EventLoopPromise<Bool>)] = []

    mutating func add(_ promise: EventLoopPromise<Bool>, now: NIODeadline) { waiting.append((now, promise)) }

    /// The agent gave a sign of life.
    mutating func answered() {
        for probe in waiting { probe.promise.succeed(true) }
        waiting = []
    }

    /// Whoever has asked by then has waited long enough.
    mutating func expire(until limit: NIODeadline) {
        for probe in waiting where probe.since <= limit { probe.promise.succeed(false) }
        waiting.removeAll { $0.since <= limit }
    }
}
