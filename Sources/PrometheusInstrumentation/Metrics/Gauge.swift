import Glibc

/// A value that goes up and down: connections open, queue length, time of the last success.
///
/// A handle to one series. It may be kept, shared and used from any thread; changing it takes no lock and no memory.
public final class Gauge: Sendable {
    private let current = AtomicDouble()

    init() {}

    /// Sets the value; any double is a value of a gauge.
    public func set(_ value: Double) {
        current.store(value)
    }

    /// Sets the value.
    public func set(_ value: Int) {
        current.store(Double(value))
    }

    /// Sets the value to the wall clock's seconds since the Unix epoch.
    public func setToCurrentTime() {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return }
        current.store(Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    /// Adds an amount, one if none is given.
    public func increment(by amount: Double = 1) {
        current.add(amount)
    }

    /// Takes an amount away, one if none is given.
    public func decrement(by amount: Double = 1) {
        current.add(-amount)
    }

    /// The value now.
    public var value: Double { current.value }
}
