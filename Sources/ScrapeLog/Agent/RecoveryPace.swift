/// When a failed disk is tried again: at once as a rule, later and later when it keeps failing soon after it was taken back,
/// because every change costs an epoch.
struct RecoveryPace: Sendable {
    /// A disk that holds for so long counts as sound, milliseconds.
    private static let sound: Int64 = 60_000
    private static let longestWait: Int64 = 600_000

    private var recovered: Int64?
    private var wait: Int64 = 0
    private var notBefore: Int64?
    private var hasFailed = false

    /// The disk failed.
    mutating func failed() { hasFailed = true }

    /// Whether to try it at `now`, milliseconds since the Unix epoch.
    mutating func isDue(at now: Int64) -> Bool {
        if hasFailed {
            hasFailed = false
            let held = recovered.map { now &- $0 } ?? .max
            wait = (0..<Self.sound).contains(held) ? min(max(2 * wait, 20_000), Self.longestWait) : 0
            notBefore = wait > 0 ? now &+ wait : nil
        }
        guard let due = notBefore else { return true }
        // A clock that was set back must not keep us waiting.
        if now >= due || due &- now > Self.longestWait { notBefore = nil }
        return notBefore == nil
    }

    /// It works again, since `now`.
    mutating func succeeded(at now: Int64) { recovered = now }
}
