import NIOCore

/// The requests for checksums that an agent has not answered yet. Confined to the connection's event loop.
final class ChecksumRequests {
    private var lastID: UInt32 = 0
    private var waiting: [UInt32: (promise: EventLoopPromise<Frame.Checksums>, timeout: Scheduled<Void>)] = [:]

    /// A new request: its number for the frame, and its answer, which fails after `limit`.
    func add(
        agent: String, within limit: TimeAmount, on eventLoop: any EventLoop
    ) -> (id: UInt32, answer: EventLoopFuture<Frame.Checksums>) {
        lastID &+= 1
        let id = lastID
        let promise = eventLoop.makePromise(of: Frame.Checksums.self)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let timeout = eventLoop.scheduleTask(in: limit) {
            bound.value.fail(id, .timeout(agent: agent, limit: limit))
        }
        waiting[id] = (promise, timeout)
        return (id, promise.futureResult)
    }

    /// An answer arrived; one that nobody waits for is dropped.
    func answered(_ checksums: Frame.Checksums) {
        guard let request = waiting.removeValue(forKey: checksums.id) else { return }
        request.timeout.cancel()
        request.promise.succeed(checksums)
    }

    /// The connection is gone.
    func failAll(agent: String) {
        for id in waiting.keys { fail(id, .notConnected(agent: agent)) }
    }

    private func fail(_ id: UInt32, _ failure: VerificationFailure) {
        guard let request = waiting.removeValue(forKey: id) else { return }
        request.timeout.cancel()
        request.promise.fail(failure)
    }
}
