import NIOCore

/// How fast the log grows: bytes a second, smoothed over minutes, so that one segment's dictionary is no alarm.
struct AppendRate {
    /// A change shows to two thirds after this long.
    private static let span = 300.0
    /// Before this much has been seen there is no answer: an agent begins with everything at once.
    private static let least = 30.0

    private var last: (bytes: UInt64, time: NIODeadline)?
    private var sum = 0.0
    private var weight = 0.0
    private var seen = 0.0

    /// - Parameter total: bytes appended since the start.
    mutating func observe(total: UInt64, now: NIODeadline) {
        guard let last else {
            self.last = (total, now)
            return
        }
        let elapsed = Double((now - last.time).nanoseconds) / 1e9
        guard elapsed > 0 else { return }
        let rate = Double(total >= last.bytes ? total - last.bytes : 0) / elapsed
        // exp(-elapsed / span), near enough for steps of seconds and never below nothing.
        let keep = 1 / (1 + elapsed / Self.span)
        sum = sum * keep + rate * (1 - keep)
        weight = weight * keep + (1 - keep)
        seen += elapsed
        self.last = (total, now)
    }

    /// nil until enough has been seen.
    var bytesPerSecond: Double? { seen >= Self.least && weight > 0 ? sum / weight : nil }
}
