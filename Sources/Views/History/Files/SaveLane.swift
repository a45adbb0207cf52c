import NIOPosix
import Synchronization

/// Saves one at a time: whoever asks while a save is under way is served by the next one, together with all who asked
/// meanwhile. Thread-safe.
final class SaveLane: Sendable {
    private struct State {
        var isBusy = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Returns when a save that began after this call is over, or after `limit`.
    ///
    /// - Parameter save: blocks; the same for every call.
    func wait(for save: @escaping @Sendable () -> Void, atMost limit: Duration) async {
        await Waiting.wait(atMost: limit) { request(save, $0) }
    }

    private func request(
        _ save: @escaping @Sendable () -> Void, _ wake: @escaping @Sendable () -> Void
    ) -> (@Sendable () -> Void) {
        let (number, begins) = state.withLock { state in
            defer { state.isBusy = true }
            state.nextWaiter &+= 1
            state.waiters[state.nextWaiter] = wake
            return (state.nextWaiter, !state.isBusy)
        }
        if begins { run(save) }
        return { self.state.withLock { $0.waiters[number] = nil } }
    }

    private func run(_ save: @escaping @Sendable () -> Void) {
        NIOThreadPool.singleton.submit { _ in
            let served = self.state.withLock { state in
                defer { state.waiters = [:] }
                return state.waiters
            }
            save()
            for wake in served.values { wake() }
            let goesOn = self.state.withLock { state in
                state.isBusy = !state.waiters.isEmpty
                return state.isBusy
            }
            if goesOn { self.run(save) }
        }
    }
}
