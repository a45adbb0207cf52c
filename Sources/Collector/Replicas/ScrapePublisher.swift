import NIOCore
import ScrapeCodec
import Views

/// Hands decoded scrapes of one agent to the target store.
struct ScrapePublisher {
    let agent: AgentState
    let store: TargetStore

    /// Up to the end of the year 9999, milliseconds.
    private static let times: ClosedRange<Int64> = 0...253_402_300_799_999

    /// False when the agent gives the scrape a time that later arithmetic could not rely on.
    ///
    /// - Parameter arrived: when its record arrived, steady clock; nil to conclude it from the scrape's own time.
    func publish(
        _ id: TargetID, _ summary: ScrapeSummary, _ rendering: ScrapeRendering, _ arrived: Int64?
    ) -> Bool {
        guard Self.isTime(summary.timestamp), Self.isTime(summary.scheduled) else { return false }
        var meta = ScrapeRecord(
            scheduled: summary.scheduled, timestamp: summary.timestamp, duration: summary.duration,
            outcome: summary.outcome, contentType: summary.contentType, body: ByteBuffer())
        meta.counts = summary.counts
        store.scraped(
            id,
            StoredScrape(
                record: meta, bodyBytes: summary.bodyBytes, arrived: arrived ?? concluded(summary.timestamp),
                rendering: rendering))
        return true
    }

    /// Whether later arithmetic can rely on a time that an agent gives.
    static func isTime(_ time: Int64) -> Bool { times.contains(time) }

    /// When a record that was on disk must have arrived: its time by our clock, but not in the future.
    private func concluded(_ timestamp: Int64) -> Int64 {
        let now = store.now
        return now.steady - max(0, agent.age(of: timestamp, at: now))
    }
}
