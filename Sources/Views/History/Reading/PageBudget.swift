import Synchronization

/// What pages of history may occupy together, from being made until they have left for their readers' sockets. Thread-
/// safe.
///
/// Owns who waits: in the order in which they came, so that none waits for ever.
final class PageBudget: Sendable {
    private struct Waiter {
        var id: UInt64
        var bytes: Int
        var continuation: CheckedContinuation<PageLease?, Never>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>

    init(bytes: Int = 64 << 20) {
        state = Mutex(State(free: bytes))
    }

    var free: Int { state.withLock { $0.free } }

    /// Takes room for a page.
    ///
    /// - Returns: nil when there was none within `limit`.
    func reserve(_ bytes: Int, atMost limit: Duration) async -> PageLease? {
        let isTaken = state.withLock { state in
            guard state.waiters.isEmpty, state.free >= bytes else { return false }
            state.free -= bytes
            return true
        }
        if isTaken { return PageLease(self, bytes) }
        guard limit > .zero else { return nil }
        return await withTaskGroup(of: PageLease?.self) { group in
            group.addTask { await self.wait(bytes) }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            var lease = await group.next() ?? nil
            group.cancelAll()
            // It may have come in the same moment.
            for await other in group { lease = lease ?? other }
            return lease
        }
    }

    private func wait(_ bytes: Int) async -> PageLease? {
        let id = state.withLock { state in
            state.nextID &+= 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.waiters.append(Waiter(id: id, bytes: bytes, continuation: continuation))
                    return false
                }
                if isDone { continuation.resume(returning: nil) } else { serve() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
            serve()
        }
    }

    fileprivate func giveBack(_ bytes: Int) {
        state.withLock { $0.free += bytes }
        serve()
    }

    /// Lets go on who has room now.
    private func serve() {
        let served = state.withLock { state in
            var served: [Waiter] = []
            while let first = state.waiters.first, state.free >= first.bytes {
                state.free -= first.bytes
                served.append(state.waiters.removeFirst())
            }
            return served
        }
        for waiter in served { waiter.continuation.resume(returning: PageLease(self, waiter.bytes)) }
    }
}

/// Room for one page. Given back when it is released, at the latest with this object.
final class PageLease: Sendable {
    private let budget: PageBudget
    private let bytes: Mutex<Int>

    fileprivate init(_ budget: PageBudget, _ bytes: Int) {
        self.budget = budget
        self.bytes = Mutex(bytes)
    }

    deinit { release() }

    /// The page has become this long; one scrape alone may be longer than what was reserved.
    func settle(_ count: Int) {
        let rest = bytes.withLock { bytes in
            defer { bytes = count }
            return bytes - count
        }
        if rest != 0 { budget.giveBack(rest) }
    }

    func release() { settle(0) }
}
