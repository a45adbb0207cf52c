import ScrapeLog
import Views

/// Which segments of a replica have to be applied after a start, so that what is shown is what was shown before.
struct ReplayPlan {
    /// In the log's order.
    private(set) var segments: [HeldSegment] = []

    /// More than this is not replayed for the sake of older scrapes, bytes.
    private static let maximumBytes: UInt64 = 64 << 20
    /// A segment is replayed for this many targets; for fewer each of them is decoded alone.
    private static let worthwhile = 8

    /// Goes back until every announced target has a scrape, or going further is not worth its price.
    init(_ replica: AgentReplica, _ history: ReplicaHistory) {
        var candidates: [HeldSegment] = []
        var bytes: UInt64 = 0
        var isTableWhole = false
        var wanting: Set<TargetID>?
        for segment in replica.segments(behind: nil, 0).segments.reversed() where segment.hasBeginning {
            bytes += segment.range.count
            guard candidates.isEmpty || !isTableWhole || bytes <= Self.maximumBytes else { break }
            candidates.append(segment)
            guard let table = history.table(of: segment, in: replica) else { continue }
            if !isTableWhole {
                // What is shown is what the newest whole table says.
                segments = candidates.reversed()
                guard table.isWhole else { continue }
                isTableWhole = true
                wanting = table.active
            }
            guard let missing = wanting else { continue }
            let found = missing.intersection(table.scraped)
            if found.count >= Self.worthwhile { segments = candidates.reversed() }
            wanting = missing.subtracting(found)
            if wanting?.isEmpty ?? true { break }
        }
    }
}
