import NIOCore
import ScrapeCodec
import ScrapeLog
import Views

/// The kept history of one agent's targets: each decoded alone, out of the replica's segments.
///
/// Owns what was found out about the segments, bounded; the bytes are the replica's. Nothing is decoded under the
/// replica's lock. Thread-safe; blocks on the disk.
final class ReplicaHistory: HistorySource {
    private weak let replica: AgentReplica?
    private let cache: HistoryCache

    init(of replica: AgentReplica, limits: HistoryCache.Limits = HistoryCache.Limits()) {
        self.replica = replica
        cache = HistoryCache(agent: replica.agent.name, limits: limits)
    }

    /// Bytes that it keeps.
    var cost: Int { cache.cost }

    /// Segments were deleted.
    func forget(_ segments: [HeldSegment]) { cache.forget(segments) }

    // MARK: For the replica itself

    /// What a segment's table says, and who was scraped in it; nil when it is gone, or cannot be read
    /// now.
    func table(
        of segment: HeldSegment, in replica: AgentReplica
    ) -> (active: Set<TargetID>, scraped: Set<TargetID>, isWhole: Bool)? {
        let targets = cache.targets(of: segment)
        let done = targets.done
        guard let (opened, changes) = try? replica.table(of: segment, from: done), let header = opened.header() else {
            return nil
        }
        var bytes = opened
        var index: SegmentIndex?
        do {
            if changes == nil { index = try cache.index(of: segment, reading: bytes) }
            try targets.take(changes ?? index?.changes ?? [], from: changes == nil ? 0 : done, reading: &bytes)
        } catch {
            return nil
        }
        let spans = targets.all
        let references = spans.values.flatMap { $0.map(\.reference) }
        let positions = index.map { index in references.map { index[$0] } }
        guard let positions = positions ?? replica.positions(of: references, in: segment) else { return nil }
        let known = Dictionary(zip(references, positions), uniquingKeysWith: { first, _ in first })
        let scraped = spans.filter { _, spans in
            spans.contains { span in known[span.reference]?.contains { span.range.contains($0.place) } ?? false }
        }
        return (targets.active, Set(scraped.keys), targets.done >= Int(header.announcements))
    }

    /// The scrapes of segments that are gone, as far as it is still known whose they were.
    func scrapes(in segments: [ExpiredLog.Segment]) -> [TargetID: [HistoryCursor]] {
        var scrapes: [TargetID: [HistoryCursor]] = [:]
        for gone in segments {
            guard let index = gone.index else { continue }
            for (id, spans) in cache.targets(of: gone.segment).all {
                for span in spans {
                    scrapes[id, default: []] += index[span.reference].filter { span.range.contains($0.place) }.map {
                        HistoryCursor(
                            epoch: gone.segment.epoch, offset: gone.segment.start + $0.end, time: $0.time)
                    }
                }
            }
        }
        return scrapes
    }

    /// The newest scrapes of those targets that have one after a time.
    func newest(of targets: [(id: TargetID, after: Int64)]) -> [(id: TargetID, scrape: HistoryScrape)] {
        guard let replica, !targets.isEmpty else { return [] }
        defer { cache.trim() }
        var rest = targets
        var found: [(id: TargetID, scrape: HistoryScrape)] = []
        for segment in replica.segments(behind: nil, 0).segments.reversed() where !rest.isEmpty {
            guard let scraped = table(of: segment, in: replica)?.scraped else { continue }
            rest.removeAll { target in
                guard scraped.contains(target.id),
                    var reader = try? SegmentReader(segment, of: target.id, in: replica, cache),
                    let last = reader.scrapes.last
                else { return false }
                if last.position.time > target.after, var scrape = try? reader.decode(last, from: nil) {
                    scrape.cursor.checkpoint = nil
                    scrape.body = ByteBuffer()
                    found.append((target.id, scrape))
                }
                return true
            }
        }
        return found
    }

    /// The body of the scrape behind which a cursor stands; nil when it is not kept any more.
    func body(of target: TargetID, at cursor: HistoryCursor) throws -> ByteBuffer? {
        guard let replica else { return nil }
        for segment in replica.segments(behind: cursor.epoch, cursor.offset &- 1).segments.prefix(1) {
            guard var reader = try SegmentReader(segment, of: target, in: replica, cache) else { return nil }
            guard let scrape = reader.scrapes.first(where: { reader.cursor(behind: $0) == cursor }) else { return nil }
            return try reader.decode(scrape, from: nil).body
        }
        return nil
    }

    // MARK: HistorySource

    func read(
        _ target: TargetID, after cursor: HistoryCursor?, notBefore oldest: Int64, _ take: (HistoryScrape) -> Bool
    ) throws -> HistoryReading {
        guard let replica else { return HistoryReading(cursor: cursor) }
        defer { cache.trim() }
        guard let cursor else { return try newest(target, notBefore: oldest, replica, take) }
        let held = replica.segments(behind: cursor.epoch, cursor.offset)
        var pass = HistoryPass(from: cursor, at: held.start, notBefore: oldest)
        for segment in held.segments {
            // What is missing before it is older than what is in it.
            pass.isBlocked = pass.isBlocked || held.mayCome(between: pass.place, and: segment)
            pass.place = .init(order: segment.order, offset: segment.end)
            guard var reader = try SegmentReader(segment, of: target, in: replica, cache) else { continue }
            guard try pass.read(&reader, take) else { break }
        }
        return pass.reading
    }

    /// A reader that has read nothing yet gets the newest scrape alone.
    private func newest(
        _ target: TargetID, notBefore oldest: Int64, _ replica: AgentReplica, _ take: (HistoryScrape) -> Bool
    ) throws -> HistoryReading {
        for segment in replica.segments(behind: nil, 0).segments.reversed() {
            guard var reader = try SegmentReader(segment, of: target, in: replica, cache),
                let last = reader.scrapes.last
            else { continue }
            var reading = HistoryReading(cursor: reader.cursor(behind: last))
            guard last.position.time >= oldest else {
                reading.skipped = 1
                return reading
            }
            do {
                let scrape = try reader.decode(last, from: nil)
                reading.cursor = scrape.cursor
                _ = take(scrape)
            } catch let error as ScrapeLogError where error.isOfStorage {
                throw error
            } catch {
                reading.unreadable = 1
            }
            return reading
        }
        return HistoryReading(cursor: nil)
    }

    func scrape(of target: TargetID, at time: Int64) throws -> HistoryScrape? {
        guard let replica else { return nil }
        defer { cache.trim() }
        let held = replica.segments(behind: nil, 0)
        // Whether bytes are missing between a segment and the target's next scrape.
        var isTorn = false
        for segment in held.segments.reversed() {
            if var reader = try SegmentReader(segment, of: target, in: replica, cache), !reader.scrapes.isEmpty {
                if let index = reader.scrapes.lastIndex(where: { $0.position.time <= time }) {
                    // Then nobody knows whether it was the last one.
                    if isTorn, index == reader.scrapes.count - 1 { return nil }
                    return try reader.decode(reader.scrapes[index], from: nil)
                }
                isTorn = false
            }
            isTorn = isTorn || held.isTorn(before: segment)
        }
        return nil
    }

    func backlog(of target: TargetID, after cursor: HistoryCursor) -> (scrapes: Int, oldest: Int64?) {
        guard let replica else { return (0, nil) }
        var count = 0
        var oldest: Int64?
        for segment in replica.segments(behind: cursor.epoch, cursor.offset).segments {
            guard let reader = try? SegmentReader(segment, of: target, in: replica, cache) else { continue }
            for scrape in reader.scrapes
            where !cursor.covers(scrape.position, in: segment) && scrape.position.time > cursor.time {
                count += 1
                oldest = min(oldest ?? scrape.position.time, scrape.position.time)
            }
        }
        return (count, oldest)
    }
}

extension HistoryCursor {
    /// Whether a record stands before it in its own epoch.
    func covers(_ position: ScrapePosition, in segment: HeldSegment) -> Bool {
        epoch == segment.epoch && segment.start + UInt64(position.place) < offset
    }
}
