import Synchronization

/// A total that only grows: requests served, bytes sent, failures.
///
/// A handle to one series. It may be kept, shared and used from any thread; adding takes no lock and no memory.
public final class Counter: Sendable {
    /// Amounts beyond this go to the fractional half, so that the whole half cannot run over in practice.
    private static let largestWhole = 1 << 32

    private let whole = Atomic<UInt64>(0)
    private let fractional = AtomicDouble()
    private let misuse: MisuseLedger

    init(misuse: MisuseLedger) {
        self.misuse = misuse
    }

    /// Adds one.
    public func increment() {
        whole.wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds an amount. A negative one is ignored and counted as misuse.
    public func increment(by amount: Int) {
        guard amount >= 0 else { return misuse.record(.negativeIncrement) }
        if amount <= Self.largestWhole {
            whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
        } else {
            fractional.add(Double(amount))
        }
    }

    /// Adds an amount. One that is negative, infinite or not a number is ignored and counted as misuse.
    public func increment(by amount: Double) {
        guard amount.isFinite else { return misuse.record(.notFinite) }
        guard amount >= 0 else { return misuse.record(.negativeIncrement) }
        fractional.add(amount)
    }

    /// The total so far.
    public var value: Double {
        Double(whole.load(ordering: .relaxed)) + fractional.value
    }
}
