import NIOCore
import Synchronization

/// A reader's connection, as the pages that went out on it see it: open, or how it ended. Thread-safe.
///
/// Holds the channel as long as it is open: pages are remembered for longer than connections.
final class PageConnection: Sendable {
    enum Fate: Sendable {
        case open
        /// Closed by us, or as the reader had announced, with nothing left that it had not received.
        case acknowledged
        /// Closed by the reader, or broken: what it has read of the last page, nobody knows.
        case broken
    }

    private struct State {
        var fate = Fate.open
        /// Nil also for a connection that nothing more can be asked of.
        var channel: (any Channel)?
    }

    private let state: Mutex<State>

    /// How often, and at what distance, a reader's receipts are waited for: they may be some milliseconds late.
    private static let patience = (times: 5, pause: Duration.milliseconds(20))

    init(_ channel: (any Channel)?) {
        state = Mutex(State(channel: channel))
    }

    var fate: Fate { state.withLock { $0.fate } }

    /// The connection ends, or has; only the first word counts.
    func end(_ fate: Fate) {
        state.withLock { state in
            guard state.fate == .open else { return }
            state.fate = fate
            state.channel = nil
        }
    }

    /// Whether the reader has received all that was written.
    ///
    /// An open connection alone proves little: a network may have been silent since the page was written.
    func isAcknowledged() async -> Bool {
        for _ in 0..<Self.patience.times {
            switch fate {
            case .acknowledged: return true
            case .broken: return false
            case .open: if await hasReceivedAll() { return fate != .broken }
            }
            try? await Task.sleep(for: Self.patience.pause)
        }
        return fate == .acknowledged
    }

    private func hasReceivedAll() async -> Bool {
        guard let channel = state.withLock({ $0.channel }) else { return true }
        return (try? await SendQueue.isEmpty(of: channel).get()) ?? false
    }
}
