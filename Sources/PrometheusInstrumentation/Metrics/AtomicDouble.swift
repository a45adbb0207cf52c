import Synchronization

/// A double that many threads may change.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits: Atomic<UInt64>

    init(_ value: Double = 0) {
        bits = Atomic(value.bitPattern)
    }

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let wanted = (Double(bitPattern: current) + amount).bitPattern
            let result = bits.weakCompareExchange(
                expected: current, desired: wanted, successOrdering: .relaxed, failureOrdering: .relaxed)
            if result.exchanged { return }
            current = result.original
        }
    }
}
