import Synchronization

/// Gives every target of a process its number.
///
/// Owns the last number given; shared by the managers of all event loops, because none may come twice.
package final class TargetReferences: Sendable {
    private let given: Atomic<UInt64>

    /// Begins with 1.
    package init() {
        given = Atomic(0)
    }

    /// Goes on after a number.
    init(given: UInt64) {
        self.given = Atomic(given)
    }

    /// A number never given before, beginning with 1; nil when all are used up.
    package func next() -> UInt32? {
        UInt32(exactly: given.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}
