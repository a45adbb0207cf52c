package import NIOCore

/// Limits on connections that are not welcomed yet: how many there may be in all and per address, and how fast an
/// address may start handshakes. Where a newcomer finds no room, the oldest connection whose handshake is not done makes
/// it: a real agent is done in moments, one that only holds a place is not. Owns the list of those connections. A value
/// type; the listener guards it with a lock.
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
        /// Admitted in the place of the connection with this number, which is to be closed and counts no more.
        case evicting(UInt64)
        /// Refused: a word for metrics.
        case refused(String)
    }

    private struct Entry: Sendable {
        var number: UInt64
        var address: String
        var isHandshaking = true
    }

    private struct Bucket: Sendable {
        var tokens: Double
        var updated: NIODeadline
        var pending: Int
    }

    private let limits: Limits
    private var buckets: [String: Bucket] = [:]
    /// Connections that are not welcomed yet, oldest first; at most `limits.pending`.
    private var entries: [Entry] = []

    /// How many connections are not welcomed yet.
    package var pending: Int { entries.count }

    /// How many addresses are remembered.
    var knownAddresses: Int { buckets.count }

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The connection `number` was accepted from `address` (already cut to a /64 for IPv6).
    package mutating func accept(_ address: String, number: UInt64, now: NIODeadline) -> Verdict {
        if buckets.count > 4096 { prune(now: now) }
        var bucket = buckets[address] ?? Bucket(tokens: limits.burst, updated: now, pending: 0)
        let elapsed = Double((now - bucket.updated).nanoseconds) / 1e9
        bucket.tokens = min(limits.burst, bucket.tokens + elapsed * limits.perSecond)
        bucket.updated = now
        buckets[address] = bucket
        guard bucket.tokens >= 1 else { return .refused("rate") }
        var victim: Int?
        if bucket.pending >= limits.pendingPerAddress {
            victim = entries.firstIndex { $0.isHandshaking && $0.address == address }
            guard victim != nil else { return .refused("too_many_pending_from_address") }
        } else if entries.count >= limits.pending {
            victim = entries.firstIndex { $0.isHandshaking }
            guard victim != nil else { return .refused("too_many_pending") }
        }
        let evicted = victim.map { entries[$0] }
        if let evicted { settle(evicted.number) }
        buckets[address]?.tokens -= 1
        buckets[address]?.pending += 1
        entries.append(Entry(number: number, address: address))
        return evicted.map { .evicting($0.number) } ?? .admitted
    }

    /// The connection's TLS handshake is done: it has proven who it is and keeps its place.
    package mutating func authenticated(_ number: UInt64) {
        guard let index = entries.lastIndex(where: { $0.number == number }) else { return }
        entries[index].isHandshaking = false
    }

    /// An admitted connection was welcomed, refused, evicted or closed.
    package mutating func settle(_ number: UInt64) {
        guard let index = entries.lastIndex(where: { $0.number == number }) else { return }
        let entry = entries.remove(at: index)
        buckets[entry.address]?.pending -= 1
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
