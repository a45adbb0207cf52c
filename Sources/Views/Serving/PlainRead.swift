/// One plain read of a target: who reads, and how long it may wait. Made for one request.
struct PlainRead: Sendable {
    /// What a read has to do first.
    enum Step: Sendable {
        /// There is nothing to wait for and nothing to show.
        case answered(TargetReading)
        /// The replicas on disk are being loaded: wait for that, at most as long as the reader allows, and begin again.
        case loading
        /// The target's newest scrape is due to this reader now.
        case ready(TargetState)
        /// A scrape is under way: wait for one after `sequence`, at most `limit`, then show what there is.
        case wait(TargetState, sequence: UInt64, limit: Duration)
    }

    var id: TargetID
    /// Stays the same for one reader.
    let reader: UInt64
    /// How long this reader waits at most.
    var limit: Duration
    let compressed: Bool
}

extension TargetStore {
    /// How a read begins. Never waits.
    func begin(_ read: PlainRead) -> PlainRead.Step {
        // While replicas are replayed, what is newest so far is older than what readers were given before.
        guard isLoaded else {
            guard read.limit <= .zero else { return .loading }
            return .answered(
                .unavailable(status: 503, reason: unreadiness() ?? "the replicas on disk are still being loaded"))
        }
        guard let target = target(read.id) else {
            // Before the lists are complete nobody can know that there is no such target.
            return .answered(unreadiness().map { .unavailable(status: 503, reason: $0) } ?? .unknown)
        }
        // Taken before the decision: a scrape that arrives between the two ends the wait at once.
        let sequence = target.sequence
        let start = target.agent.agentTime(now.wall)
        guard case .wait(let until) = target.decide(reader: read.reader, now: start) else { return .ready(target) }
        let rest = max(0, until.subtractingReportingOverflow(start).partialValue)
        return .wait(target, sequence: sequence, limit: min(read.limit, .milliseconds(rest)))
    }

    /// How a read ends, with the wait behind it. Decodes and compresses what no other reader has asked for yet.
    func finish(_ read: PlainRead, _ target: TargetState) -> TargetReading {
        let now = now
        if let withdrawnAt = target.withdrawnAt, now.steady - withdrawnAt >= Self.withdrawnFor { return .unknown }
        return target.body(reader: read.reader, now: now, compressed: read.compressed)
    }

    /// The whole read, for callers that are tasks.
    func answer(_ read: PlainRead) async -> TargetReading {
        switch begin(read) {
        case .answered(let reading): return reading
        case .loading:
            let begun = ContinuousClock.now
            let isLoaded = await waitUntilLoaded(atMost: read.limit)
            var rest = read
            rest.limit = isLoaded ? max(.zero, read.limit - (ContinuousClock.now - begun)) : .zero
            return await answer(rest)
        case .ready(let target): return finish(read, target)
        case .wait(let target, let sequence, let limit):
            await target.next(after: sequence, atMost: limit)
            return finish(read, target)
        }
    }
}
