import ScrapeLog
import Views

/// One pass over a target's history, segment by segment: what is given, what is passed over, and where it ends.
struct HistoryPass {
    private(set) var reading: HistoryReading
    /// How far the log has been read.
    var place: ReplicaSegments.Place
    /// Whether bytes before the present segment are missing that may still come. Then nothing of it may be given: only
    /// what is too old for the reader is passed over, and with it what is missing before that.
    var isBlocked = false

    private var cursor: HistoryCursor
    private let oldest: Int64
    private let checkpoint: ReplicaCheckpoint?

    init(from cursor: HistoryCursor, at place: ReplicaSegments.Place, notBefore oldest: Int64) {
        self.cursor = cursor
        self.oldest = oldest
        checkpoint = cursor.checkpoint as? ReplicaCheckpoint
        self.place = place
        reading = HistoryReading(cursor: cursor)
    }

    /// Reads what is in a segment; false when the pass is over.
    ///
    /// - Throws: when the disk does not give it out now: it is no reason to pass anything over.
    mutating func read(_ segment: inout SegmentReader, _ take: (HistoryScrape) -> Bool) throws -> Bool {
        for scrape in segment.scrapes where !cursor.covers(scrape.position, in: segment.segment) {
            let time = scrape.position.time
            if time < oldest || (time <= cursor.time && !isBlocked) {
                // Too old, and with it what is missing before it; or late, which says nothing of that.
                reading.skipped += 1
                isBlocked = false
                move(to: segment.cursor(behind: scrape))
                continue
            }
            guard !isBlocked else { return false }
            // What nobody else keeps need not be copied.
            cursor.checkpoint = nil
            reading.cursor?.checkpoint = nil
            do {
                let given = try segment.decode(scrape, from: checkpoint)
                cursor = given.cursor
                reading.cursor = given.cursor
                guard take(given) else { return false }
            } catch let error as ScrapeLogError where error.isOfStorage {
                throw error
            } catch {
                reading.unreadable += 1
                move(to: segment.cursor(behind: scrape))
            }
        }
        return true
    }

    private mutating func move(to place: HistoryCursor) {
        var place = place
        place.time = max(place.time, cursor.time)
        cursor = place
        reading.cursor = place
    }
}
