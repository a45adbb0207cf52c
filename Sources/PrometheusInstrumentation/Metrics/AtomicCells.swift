import Synchronization

/// A fixed row of atomic counts, all zero at first.
///
/// Owns its memory, which lives as long as the row.
final class AtomicCells: @unchecked Sendable {
    // Unchecked only because of the pointer: it never changes, and what it points to is atomic.
    private let cells: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init(count: Int) {
        cells = .allocate(capacity: count)
        for index in 0..<count { cells.initializeElement(at: index, to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize()
        cells.deallocate()
    }

    /// Adds one; an index outside of the row does nothing.
    func increment(_ index: Int) {
        guard cells.indices.contains(index) else { return }
        cells[index].wrappingAdd(1, ordering: .relaxed)
    }

    /// All counts, each read once.
    func values() -> [UInt64] {
        cells.indices.map { cells[$0].load(ordering: .relaxed) }
    }

    /// One count; zero outside of the row.
    func value(_ index: Int) -> UInt64 {
        cells.indices.contains(index) ? cells[index].load(ordering: .relaxed) : 0
    }
}
