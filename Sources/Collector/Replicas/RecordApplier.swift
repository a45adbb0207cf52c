import NIOCore
import Relabeling
import ScrapeCodec
import ScrapeLog
import Views

/// Applies the records of one agent's replica to the target store: who is announced, who is withdrawn, what was scraped.
/// Owns the meaning of target references, which a segment header begins anew.
struct RecordApplier {
    private let agent: AgentState
    private let store: TargetStore
    private var references: [UInt32: TargetID] = [:]
    /// While a segment's target table is being read: what it has named so far, and how many more it will name.
    private var table: (named: Set<TargetID>, references: [UInt32: TargetID], remaining: UInt32)?
    private var decoder = ScrapeDecoder()
    /// Records that could not be understood.
    private(set) var failures = 0

    init(agent: AgentState, store: TargetStore) {
        self.agent = agent
        self.store = store
    }

    mutating func apply(_ record: LogRecord) {
        do {
            switch record.header.kind {
            case .segmentHeader: begin(try SegmentHeader(decoding: record.payload))
            case .targetAnnounced:
                announce(try TargetAnnouncement(decoding: record.payload), reference: record.header.target)
            case .targetWithdrawn: withdraw(record.header.target)
            case .keyframe, .delta: try scraped(record)
            case .line, .gap: break
            }
        } catch {
            failures += 1
        }
    }

    private mutating func begin(_ segment: SegmentHeader) {
        table = (named: [], references: [:], remaining: segment.announcements)
        finishTable()
    }

    /// Once a table is whole, it is the truth: references mean what it says, and who is not in it is gone.
    private mutating func finishTable() {
        guard let table, table.remaining == 0 else { return }
        references = table.references
        self.table = nil
        for target in store.targets(of: agent) where !table.named.contains(target.id) { store.withdraw(target.id) }
        agent.update { $0.hasAnnounced = true }
    }

    private mutating func announce(_ announcement: TargetAnnouncement, reference: UInt32) {
        let description = TargetDescription(
            labels: Labels(announcement.labels.map { ($0.name, $0.value) }), jobName: announcement.jobName,
            url: announcement.url, address: announcement.address, interval: announcement.interval,
            timeout: announcement.timeout, honorLabels: announcement.honorLabels)
        let id = store.announce(description, of: agent)
        guard var table else {
            references[reference] = id
            return
        }
        table.named.insert(id)
        table.references[reference] = id
        table.remaining -= 1
        self.table = table
        finishTable()
    }

    private mutating func withdraw(_ reference: UInt32) {
        guard let id = references.removeValue(forKey: reference) else { return }
        // Another reference may have announced the same target since.
        guard !references.values.contains(id) else { return }
        store.withdraw(id)
    }

    private mutating func scraped(_ record: LogRecord) throws {
        guard let id = references[record.header.target] else { return }
        let kind = record.header.kind.rawValue
        let time = record.header.time
        let payload = record.payload
        let summary = try decoder.decodeMeta(kind: kind, time: time, payload: payload)
        let meta = ScrapeRecord(
            scheduled: summary.scheduled, timestamp: summary.timestamp, duration: summary.duration,
            outcome: summary.outcome, contentType: summary.contentType, body: ByteBuffer())
        store.scraped(
            id,
            StoredScrape(record: meta, bodyBytes: summary.bodyBytes) {
                var decoder = ScrapeDecoder()
                return try decoder.decode(kind: kind, time: time, payload: payload).body
            })
    }
}
