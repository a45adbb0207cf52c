/// The memory that the bodies in flight on one event loop may take together.
///
/// Owns the count of bytes held by open leases and the order in which they were opened. The oldest body may always go
/// on (its own limit bounds it), so the loop never stands still; the others stop reading at the cap until bytes come
/// back. Confined to its event loop.
package final class BodyBudget {
    /// What the holder of a lease does after it took more bytes.
    enum Verdict: Sendable {
        case proceed
        /// Stop reading; `resume` is called when it may go on.
        case pause
        /// Far past the cap in spite of a pause: give the body up.
        case refuse
    }

    /// The cap in bytes.
    package let capacity: Int
    /// Bytes held now.
    package private(set) var used = 0
    /// The most bytes held at any time.
    package private(set) var peak = 0
    /// How often a body had to wait.
    package private(set) var pauses: UInt64 = 0

    private var leases: [BodyLease] = []

    /// 64 MiB.
    package static let defaultCapacity = 64 * 1024 * 1024
    /// What one connection can still deliver after it was told to stop.
    static let readSize = 64 * 1024

    /// Makes a budget of `capacity` bytes.
    package init(capacity: Int = BodyBudget.defaultCapacity) {
        self.capacity = max(capacity, 1)
    }

    /// Opens a lease for one body; `resume` is called whenever a paused one may go on.
    func open(resume: @escaping () -> Void) -> BodyLease {
        let lease = BodyLease(budget: self, resume: resume)
        leases.append(lease)
        return lease
    }

    func take(_ count: Int, for lease: BodyLease) -> Verdict {
        used += count
        peak = max(peak, used)
        guard used > threshold, leases.first !== lease else { return .proceed }
        if used > capacity + capacity / 4 { return .refuse }
        if !lease.isPaused { pauses &+= 1 }
        return .pause
    }

    func close(_ lease: BodyLease, holding count: Int) {
        used -= count
        if leases.first === lease {
            leases.removeFirst()
        } else if let index = leases.firstIndex(where: { $0 === lease }) {
            leases.remove(at: index)
        }
        wake()
    }

    /// The cap less what the open bodies may still receive after a pause, so that the sum stays below the cap.
    private var threshold: Int {
        let (inFlight, overflow) = leases.count.multipliedReportingOverflow(by: Self.readSize)
        return max(capacity / 2, overflow ? 0 : capacity - inFlight)
    }

    private func wake() {
        guard leases.contains(where: \.isPaused) else { return }
        var room = threshold - used
        var ready: [BodyLease] = []
        for (index, lease) in leases.enumerated() where lease.isPaused {
            guard index == 0 || room > 0 else { break }
            room -= Self.readSize
            ready.append(lease)
        }
        // Waking one may end another, which comes back here: the list is complete before the first is called.
        for lease in ready { lease.wake() }
    }
}
