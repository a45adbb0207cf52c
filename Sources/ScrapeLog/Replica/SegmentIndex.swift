/// Where in a segment the records are that one target's history is made from.
///
/// Owns sixteen bytes for each scrape, eight for each dictionary record, twelve for each announcement. Bounded: what is
/// beyond the limits, which no agent's segment reaches, is not found.
package struct SegmentIndex: Sendable {
    /// More records than this of one segment are not remembered: a segment of 64 MiB has no room for more.
    static let maximumRecords = 2 << 20

    private var scrapes: [UInt32: [ScrapePosition]] = [:]
    /// Dictionary records, by place.
    package private(set) var lines: [RecordPlace] = []
    /// Announcements and withdrawals, by place.
    package private(set) var changes: [TargetChange] = []
    private(set) var scrapeCount = 0
    /// Times of the oldest and newest scrape, milliseconds since the Unix epoch.
    package private(set) var firstTime: Int64?
    package private(set) var lastTime: Int64?
    /// Whether every record so far was remembered.
    package private(set) var isComplete = true

    /// The scrapes of a target, by place.
    package subscript(target: UInt32) -> [ScrapePosition] { scrapes[target] ?? [] }

    /// How many records are remembered.
    var count: Int { scrapeCount + lines.count + changes.count }

    /// What it costs in memory, about, bytes.
    var cost: Int { scrapeCount * 16 + scrapes.count * 64 + lines.count * 8 + changes.count * 16 }

    /// Remembers a record that stands behind all others.
    ///
    /// - Parameter place: the record's first byte, from the segment's.
    mutating func add(_ header: RecordHeader, at place: UInt64) {
        guard place < UInt64(UInt32.max), count < Self.maximumRecords else {
            isComplete = false
            return
        }
        let record = RecordPlace(place: UInt32(place), length: header.length)
        switch header.kind {
        case .keyframe, .delta:
            scrapes[header.target, default: []].append(ScrapePosition(header, place: record.place))
            scrapeCount += 1
            firstTime = min(firstTime ?? header.time, header.time)
            lastTime = max(lastTime ?? header.time, header.time)
        case .line: lines.append(record)
        case .targetAnnounced, .targetWithdrawn:
            changes.append(
                TargetChange(target: header.target, record: record, isWithdrawal: header.kind == .targetWithdrawn))
        case .segmentHeader, .gap: break
        }
    }

    /// Forgets the records that do not end at or before `end`.
    mutating func truncate(to end: UInt64) {
        lines.removeLast(lines.count - lines.partitioningIndex { $0.end > end })
        changes.removeLast(changes.count - changes.partitioningIndex { $0.record.end > end })
        for (target, list) in scrapes where (list.last?.end ?? 0) > end {
            let kept = Array(list.prefix(list.partitioningIndex { $0.end > end }))
            scrapeCount -= list.count - kept.count
            scrapes[target] = kept.isEmpty ? nil : kept
        }
    }
}
