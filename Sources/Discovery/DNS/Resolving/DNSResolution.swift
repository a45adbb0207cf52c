import NIOCore

/// One look-up under way: does what its plan says.
///
/// Owns the plan, its one socket and its one timer, until `complete` has been called, once, or it is cancelled. Confined
/// to its event loop.
final class DNSResolution {
    private var lookup: DNSLookup
    private let eventLoop: any EventLoop
    private var complete: ((Result<[DNSRecord], DNSError>) -> Void)?
    private var exchange: DNSExchange?
    private var timer: Scheduled<Void>?

    init(
        _ lookup: DNSLookup, eventLoop: any EventLoop, complete: @escaping (Result<[DNSRecord], DNSError>) -> Void
    ) {
        self.lookup = lookup
        self.eventLoop = eventLoop
        self.complete = complete
    }

    func start() { perform(lookup.start(now: eventLoop.now)) }

    /// `complete` is not called any more.
    func cancel() {
        complete = nil
        release()
    }

    private func release() {
        exchange?.close()
        exchange = nil
        timer?.cancel()
        timer = nil
    }

    private func perform(_ action: DNSLookup.Action) {
        switch action {
        case .wait: return
        case .ask(let query):
            release()
            let exchange = DNSExchange(query, eventLoop: eventLoop) { self.handle($0) }
            self.exchange = exchange
            timer = eventLoop.assumeIsolated().scheduleTask(deadline: query.until) {
                // The loop may have taken the timer out already when it was cancelled.
                guard self.complete != nil else { return }
                self.perform(self.lookup.timeArrived(now: max(self.eventLoop.now, query.until)))
            }
            exchange.start()
        case .end(let result):
            release()
            let complete = complete
            self.complete = nil
            complete?(result)
        }
    }

    private func handle(_ event: DNSExchange.Event) {
        guard complete != nil else { return }
        switch event {
        case .received(let bytes): perform(lookup.received(bytes, now: eventLoop.now))
        case .failed(let reason): perform(lookup.failed(reason, now: eventLoop.now))
        }
    }
}
