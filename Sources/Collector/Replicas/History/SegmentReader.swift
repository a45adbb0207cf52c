import NIOCore
import ScrapeCodec
import ScrapeLog
import Views

/// One segment as one target's history is read from it: where the target's scrapes are, and what decoding them needs.
/// Made under the replica's lock, used without it.
struct SegmentReader {
    /// One scrape of the target: which of a chain.
    struct Scrape {
        var chain: Int
        var index: Int
        var position: ScrapePosition
    }

    let segment: HeldSegment
    /// In the log's order.
    private(set) var scrapes: [Scrape] = []
    /// As a rule one; more when the target changed its reference within the segment.
    private var chains: [(reference: UInt32, positions: [ScrapePosition], decoded: RecordChain?)] = []
    private var bytes: SegmentBytes
    private lazy var dictionary = cache.dictionary(of: segment)
    /// Dictionary records from the `firstLine`th on; nil until they are needed.
    private var lineRecords: [RecordPlace]?
    private var firstLine = 0
    private let replica: AgentReplica
    private let cache: HistoryCache

    /// Nil when the segment is gone, or has nothing of the target.
    ///
    /// - Throws: when the segment is there and cannot be opened or read now: passing over it would lose what is in it.
    init?(_ segment: HeldSegment, of target: TargetID, in replica: AgentReplica, _ cache: HistoryCache) throws {
        guard segment.hasBeginning else { return nil }
        let targets = cache.targets(of: segment)
        let done = targets.done
        guard let (opened, changes) = try replica.table(of: segment, from: done) else { return nil }
        bytes = opened
        var index: SegmentIndex?
        if let changes {
            try targets.take(changes, from: done, reading: &bytes)
        } else {
            let found = try cache.index(of: segment, reading: bytes)
            try targets.take(found.changes, from: 0, reading: &bytes)
            index = found
        }
        let spans = targets.spans(of: target)
        guard !spans.isEmpty else { return nil }
        let references = Set(spans.map(\.reference)).sorted()
        let positions: [[ScrapePosition]]
        if let index {
            positions = references.map { index[$0] }
            lineRecords = index.lines
        } else if let found = replica.positions(of: references, in: segment) {
            positions = found
        } else {
            // Forgotten, or deleted, since: the bytes are still open.
            let found = try cache.index(of: segment, reading: bytes)
            positions = references.map { found[$0] }
            lineRecords = found.lines
        }
        self.segment = segment
        self.replica = replica
        self.cache = cache
        chains = zip(references, positions).map { ($0, $1, nil) }
        collect(spans)
    }

    private mutating func collect(_ spans: [SegmentTargets.Span]) {
        for (number, chain) in chains.enumerated() {
            let ranges = spans.filter { $0.reference == chain.reference }.map(\.range)
            for (index, position) in chain.positions.enumerated()
            where ranges.contains(where: { $0.contains(position.place) }) {
                scrapes.append(Scrape(chain: number, index: index, position: position))
            }
        }
        if chains.count > 1 { scrapes.sort { $0.position.place < $1.position.place } }
    }

    /// Decodes one of `scrapes`.
    ///
    /// - Parameter checkpoint: a state to begin with, where it is one of this segment's.
    mutating func decode(
        _ scrape: Scrape, from checkpoint: ReplicaCheckpoint?
    ) throws -> HistoryScrape {
        let isMine = checkpoint?.rests(on: dictionary) ?? false
        let (reference, positions, known) = chains[scrape.chain]
        chains[scrape.chain].decoded = nil
        var chain =
            known ?? RecordChain(reference: reference, positions: positions, checkpoint: isMine ? checkpoint : nil)
        defer { chains[scrape.chain].decoded = chain }
        let (summary, body) = try chain.decode(scrape.index, reading: &self)
        return HistoryScrape(cursor: cursor(behind: scrape, chain), summary: summary, body: body)
    }

    /// The place behind a scrape, with the decoder's state there.
    private mutating func cursor(behind scrape: Scrape, _ chain: RecordChain) -> HistoryCursor {
        var cursor = cursor(behind: scrape)
        guard var decoder = chain.state else { return cursor }
        dictionary.share(&decoder, reference: chain.reference)
        let checkpoint = ReplicaCheckpoint(
            dictionary, reference: chain.reference, end: scrape.position.end, decoder: decoder)
        dictionary.note(checkpoint)
        cursor.checkpoint = checkpoint
        return cursor
    }

    /// The place behind a scrape.
    func cursor(behind scrape: Scrape) -> HistoryCursor {
        HistoryCursor(
            epoch: segment.epoch, offset: segment.start + scrape.position.end, time: scrape.position.time)
    }

    /// A scrape's record, checked to be that.
    mutating func record(_ position: ScrapePosition, of reference: UInt32) throws -> LogRecord {
        let record = try bytes.record(at: position.place, length: position.length)
        guard record.header.target == reference, record.header.kind.isScrape else {
            throw ScrapeCodecError(code: .malformed, message: "another record than the one that was here")
        }
        return record
    }

    /// The dictionary as it is before a place; nil when it is damaged.
    mutating func lines(before place: UInt32) throws(ScrapeLogError) -> SegmentLines? {
        if lineRecords == nil {
            firstLine = dictionary.done
            lineRecords = replica.lines(in: segment, from: firstLine)
            if lineRecords == nil {
                firstLine = 0
                lineRecords = try cache.index(of: segment, reading: bytes).lines
            }
        }
        return try dictionary.lines(before: place, lineRecords ?? [], from: firstLine, reading: &bytes)
    }
}
