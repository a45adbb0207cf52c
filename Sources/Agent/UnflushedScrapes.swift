import ScrapeCodec

/// The scrapes that stand in the log's buffer, in its order, and those of them that the disk did not take. Confined to the
/// agent's event loop.
final class UnflushedScrapes {
    typealias Scrape = (record: ScrapeRecord, target: UInt32)

    private var pending: [Scrape] = []
    private var lost: [Scrape] = []

    var hasLost: Bool { !lost.isEmpty }

    /// About to be appended.
    func add(_ record: ScrapeRecord, target: UInt32) { pending.append((record, target)) }

    /// It was not appended after all.
    func removeLast() { _ = pending.popLast() }

    /// The log has written everything.
    func flushed() { pending.removeAll(keepingCapacity: true) }

    /// The last `count` of them are lost.
    func lose(_ count: Int) {
        lost += pending.suffix(count)
        pending = []
    }

    /// What has to be appended again, before anything else.
    func takeLost() -> [Scrape] {
        defer { lost = [] }
        return lost
    }
}
