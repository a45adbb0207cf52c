package import NIOCore

/// Limits on connections that are not welcomed yet: how many there may be in all and per address, and how fast an
/// address may start handshakes. A value type; the listener guards it with a lock.
package struct Admission: Sendable {
    package struct Limits: Sendable {
        /// Connections before Welcome, in all. Each costs about 60 KB.
        package var pending = 512
        /// The same, from one IPv4 address or IPv6 /64.
        package var pendingPerAddress = 16
        /// Handshakes an address may start at once, and how many per second after that.
        package var burst = 40.0
        package var perSecond = 10.0

        package init() {}
    }

    package enum Verdict: Sendable, Hashable {
        case admitted
        /// Refused: a word for metrics.
        case refused(String)
    }

    private struct Bucket: Sendable {
        var tokens: Double
        var updated: NIODeadline
        var pending: Int
    }

    private let limits: Limits
    private var buckets: [String: Bucket] = [:]
    /// Connections that are not welcomed yet.
    package private(set) var pending = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// A connection was accepted from `address` (already cut to a /64 for IPv6).
    package mutating func accept(_ address: String, now: NIODeadline) -> Verdict {
        guard pending < limits.pending else { return .refused("too_many_pending") }
        if buckets.count > 4096 { prune(now: now) }
        var bucket = buckets[address] ?? Bucket(tokens: limits.burst, updated: now, pending: 0)
        let elapsed = Double((now - bucket.updated).nanoseconds) / 1e9
        bucket.tokens = min(limits.burst, bucket.tokens + elapsed * limits.perSecond)
        bucket.updated = now
        defer { buckets[address] = bucket }
        guard bucket.pending < limits.pendingPerAddress else { return .refused("too_many_pending_from_address") }
        guard bucket.tokens >= 1 else { return .refused("rate") }
        bucket.tokens -= 1
        bucket.pending += 1
        pending += 1
        return .admitted
    }

    /// An admitted connection was welcomed, refused or closed.
    package mutating func settle(_ address: String) {
        guard var bucket = buckets[address], bucket.pending > 0 else { return }
        bucket.pending -= 1
        pending -= 1
        buckets[address] = bucket
    }

    private mutating func prune(now: NIODeadline) {
        buckets = buckets.filter { _, bucket in
            let elapsed = Double((now - bucket.updated).nanoseconds) / 1e9
            return bucket.pending > 0 || bucket.tokens + elapsed * limits.perSecond < limits.burst
        }
        // Still too many: forget the idle ones; they start with a full bucket again.
        if buckets.count > 4096 { buckets = buckets.filter { $0.value.pending > 0 } }
    }
}
