/// What waits for one call, without a task for as long as nobody needs one.
enum Waiting {
    /// Asks to be called once; returns what takes that back, or nil, and calls nobody, when there is nothing to wait for.
    typealias Request = (_ wake: @escaping @Sendable () -> Void) -> (@Sendable () -> Void)?

    /// Returns when the call comes that `request` asks for, after `limit`, or when the task is cancelled.
    static func wait(atMost limit: Duration, for request: Request) async {
        let (stream, signal) = AsyncStream.makeStream(of: Void.self)
        guard let cancel = request({ signal.yield() }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stream { return } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        cancel()
    }
}
