/// How much outage a log still covers: how long nothing is lost while nobody acknowledges anything.
package struct Runway: Sendable, Hashable {
    /// Bytes that still fit before the oldest segment has to go.
    package var bytesLeft: UInt64
    /// How fast the log grows.
    package var bytesPerSecond: Double

    /// - Parameters:
    ///   - budget: bytes that the log may hold.
    ///   - held: bytes that it holds, acknowledged or not: only whole segments are deleted.
    package init(budget: UInt64, held: UInt64 = 0, bytesPerSecond: Double) {
        self.bytesLeft = budget - min(budget, held)
        self.bytesPerSecond = bytesPerSecond
    }

    /// nil while the log does not grow: it covers any outage.
    package var seconds: Double? {
        guard bytesPerSecond > 0, bytesPerSecond.isFinite else { return nil }
        return Double(bytesLeft) / bytesPerSecond
    }
}
