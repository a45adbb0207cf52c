import Synchronization

/// What a relay has passed on since start, in bytes of TCP payload: TLS, frames and acknowledgements included.
final class RelayCounters: Sendable {
    private let sent = Atomic<Int>(0)
    private let received = Atomic<Int>(0)
    private let connections = Atomic<Int>(0)

    /// One more connection was accepted.
    func connected() {
        connections.add(1, ordering: .relaxed)
    }

    /// `bytes` were read from who dialled (`upwards`), or from who was dialled.
    func passed(_ bytes: Int, upwards: Bool) {
        if upwards {
            sent.add(bytes, ordering: .relaxed)
        } else {
            received.add(bytes, ordering: .relaxed)
        }
    }

    /// The counters as JSON, named as seen by who dialled.
    func report() -> String {
        """
        {"sent_bytes": \(sent.load(ordering: .relaxed)), "received_bytes": \(received.load(ordering: .relaxed)), \
        "connections": \(connections.load(ordering: .relaxed))}
        """
    }
}
