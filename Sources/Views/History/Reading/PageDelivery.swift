import Synchronization

/// What became of the bytes of one page of history: whether they were wholly written, on which connection, and what
/// became of that. Thread-safe.
///
/// Owns the page's room until its bytes have left or never will.
final class PageDelivery: Sendable {
    private struct State {
        var connection: PageConnection?
        var isWritten = false
        var lease: PageLease?
    }

    private let state: Mutex<State>

    init(_ lease: PageLease? = nil) {
        state = Mutex(State(lease: lease))
    }

    /// The page goes out on this connection.
    func begin(on connection: PageConnection) {
        state.withLock { $0.connection = connection }
    }

    /// The last byte has left for the socket.
    func written() {
        state.withLock { $0.isWritten = true }
        release()
    }

    /// The bytes are not kept any more.
    func release() {
        let lease = state.withLock { state in
            defer { state.lease = nil }
            return state.lease
        }
        lease?.release()
    }

    /// Whether the page has arrived: it was wholly written, and its connection is still open or was closed in a way that
    /// leaves no doubt.
    func isRead() async -> Bool {
        let state = state.withLock { $0 }
        guard state.isWritten, let connection = state.connection else { return false }
        return await connection.isAcknowledged()
    }

    /// The same, of a connection that is closed; false while it is open.
    var isReadForGood: Bool { state.withLock { $0.isWritten } && fate == .acknowledged }

    /// Of its connection; nil before it goes out.
    var fate: PageConnection.Fate? { state.withLock { $0.connection }?.fate }
}
