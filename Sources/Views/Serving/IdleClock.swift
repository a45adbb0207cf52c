import NIOCore

/// When a connection has been idle for too long: nothing read and no answer finished within the limit, and no answer
/// being worked on. A reader that takes its answer too slowly is idle; so is one that sends its request too slowly.
struct IdleClock {
    enum Verdict: Equatable {
        case close
        /// Look again then.
        case again(NIODeadline)
    }

    let limit: TimeAmount
    private var lastActive: NIODeadline

    init(limit: TimeAmount, now: NIODeadline) {
        self.limit = limit
        lastActive = now
    }

    mutating func active(_ now: NIODeadline) {
        lastActive = now
    }

    func due(_ now: NIODeadline, isBusy: Bool) -> Verdict {
        if isBusy { return .again(now + limit) }
        let deadline = lastActive + limit
        return now >= deadline ? .close : .again(deadline)
    }
}
