import Synchronization

/// Lets only one thread at a time open an agent's replica.
final class ReplicaOpeningLock: Sendable {
    private let lock = Mutex(())

    func held<Value: Sendable>(_ body: () throws -> Value) rethrows -> Value {
        try lock.withLock { _ in try body() }
    }
}
