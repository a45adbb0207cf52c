import NIOCore
import ScrapeCodec
import ScrapeLog
import Views

/// Applies the records of one agent's replica, in the log's order, to the target store: who is announced, who is
/// withdrawn, what was scraped. Owns the meaning of target references, which a segment header begins anew.
///
/// Whatever a record says was said by an agent: names that could pass for labels of ours are dropped, and numbers are
/// brought into ranges that later arithmetic can rely on.
struct RecordApplier {
    private let agent: AgentState
    private let store: TargetStore
    private var references: [UInt32: TargetID] = [:]
    /// A segment's target table while it is being read: what it has named so far, and how many more it will name.
    private var isReadingTable = false
    private var tableReferences: [UInt32: TargetID] = [:]
    private var tableRemaining: UInt32 = 0
    private var decoder = ScrapeDecoder()
    /// While the log is replayed: the newest scrape of each target, to be shown at the end; nil otherwise.
    private var replayed: [TargetID: (summary: ScrapeSummary, rendering: ScrapeRendering)]?
    /// Records, or parts of them, that could not be used.
    private(set) var failures = 0

    /// Targets of one agent that are shown; what it announces beyond is counted as failed.
    static let maximumTargets = 20_000

    init(agent: AgentState, store: TargetStore) {
        self.agent = agent
        self.store = store
    }

    /// - Parameter arrived: when the record arrived, steady clock; nil to conclude it from the record's own time (replay).
    mutating func apply(_ record: LogRecord, arrived: Int64?) {
        do {
            switch record.header.kind {
            case .segmentHeader: begin(try SegmentHeader(decoding: record.payload))
            case .targetAnnounced: try announce(record)
            case .targetWithdrawn: withdraw(record.header.target)
            case .line: try decoder.addLines(record.payload)
            case .keyframe, .delta: scraped(record, arrived: arrived)
            case .gap: break
            }
        } catch {
            failures += 1
        }
    }

    /// What is applied from now on is shown only when all of it has been applied.
    mutating func beginReplay() { replayed = [:] }

    mutating func endReplay() {
        let scrapes = replayed ?? [:]
        replayed = nil
        // In the order of time, so that the newest speaks for the agent.
        for (id, scrape) in scrapes.sorted(by: { $0.value.summary.timestamp < $1.value.summary.timestamp }) {
            publish(id, scrape.summary, scrape.rendering, nil)
        }
    }

    private mutating func begin(_ segment: SegmentHeader) {
        decoder.beginSegment()
        isReadingTable = true
        tableReferences = [:]
        tableRemaining = segment.announcements
        finishTable()
    }

    /// Once a table is whole, it is the truth: references mean what it says, and who is not in it is gone.
    private mutating func finishTable() {
        guard isReadingTable, tableRemaining == 0 else { return }
        isReadingTable = false
        for reference in references.keys where tableReferences[reference] == nil { decoder.forget(reference) }
        references = tableReferences
        tableReferences = [:]
        let named = Set(references.values)
        for id in store.activeIDs(of: agent) where !named.contains(id) { withdraw(id) }
        agent.update { $0.hasAnnounced = true }
    }

    private mutating func announce(_ record: LogRecord) throws {
        // An announcement that cannot be used counts all the same: the table ends where its header says.
        defer {
            if isReadingTable {
                tableRemaining -= 1
                finishTable()
            }
        }
        let announcement = try TargetAnnouncement(decoding: record.payload)
        let count = isReadingTable ? tableReferences.count : references.count
        guard count < Self.maximumTargets, let id = store.announce(describe(announcement), of: agent) else {
            failures += 1
            return
        }
        if isReadingTable {
            tableReferences[record.header.target] = id
        } else {
            references[record.header.target] = id
        }
    }

    private mutating func describe(_ announcement: TargetAnnouncement) -> TargetDescription {
        let (description, droppedLabels) = TargetDescription.describe(announcement)
        failures += droppedLabels
        return description
    }

    private mutating func withdraw(_ reference: UInt32) {
        decoder.forget(reference)
        guard let id = references.removeValue(forKey: reference) else { return }
        // Another reference may have announced the same target since.
        guard !references.values.contains(id) else { return }
        withdraw(id)
    }

    private mutating func withdraw(_ id: TargetID) {
        replayed?[id] = nil
        store.withdraw(id)
    }

    private mutating func scraped(_ record: LogRecord, arrived: Int64?) {
        let header = record.header
        guard let id = references[header.target] else { return }
        // Given to readers before any other thread can find that its predecessor is superseded.
        let publisher = ScrapePublisher(agent: agent, store: store)
        let isReplaying = replayed != nil
        var decoded: (ScrapeSummary, ScrapeRendering)?
        var isPublished = true
        do throws(ScrapeCodecError) {
            try decoder.decode(
                kind: header.kind.rawValue, target: header.target, time: header.time, position: record.offset,
                distance: header.previous, payload: record.payload
            ) { scrape in
                let rendering = ScrapeRendering(scrape.body)
                if isReplaying {
                    decoded = (scrape.summary, rendering)
                } else {
                    isPublished = publisher.publish(id, scrape.summary, rendering, arrived)
                }
            }
            if let decoded { replayed?[id] = decoded }
        } catch {
            failures += 1
            // That there was a scrape is certain; the one before it does not speak for the target any more.
            let outcome = ScrapeOutcome(code: .badEncoding, message: "the agent's record of the scrape is not readable")
            let summary = ScrapeSummary(
                scheduled: header.time, timestamp: header.time, duration: 0, outcome: outcome, contentType: "",
                bodyBytes: 0)
            publish(id, summary, ScrapeRendering(.empty), arrived)
        }
        if !isPublished { failures += 1 }
    }

    private mutating func publish(
        _ id: TargetID, _ summary: ScrapeSummary, _ rendering: ScrapeRendering, _ arrived: Int64?
    ) {
        if replayed != nil {
            replayed?[id] = (summary, rendering)
        } else if !ScrapePublisher(agent: agent, store: store).publish(id, summary, rendering, arrived) {
            failures += 1
        }
    }
}
