import NIOCore

// What there is to know about a log.
extension ScrapeLog {
    /// Figures of this moment. Costs one look at every segment, and one small read.
    package var statistics: ScrapeLogStatistics {
        var statistics = counters
        for segment in segments {
            statistics.bytesHeld += segment.length
            if segment.memory != nil { statistics.bytesInMemory += segment.length }
        }
        statistics.segments = segments.count
        statistics.oldestRecordTime = segments.lazy.compactMap(\.firstTime).first
        statistics.budget = budget
        let lacking = lacking
        statistics.unacknowledgedBytes = lacking.bytes
        statistics.oldestUnacknowledgedTime = lacking.oldest.flatMap(time)
        return statistics
    }

    /// How many bytes the collector that lacks most has not acknowledged, and the oldest place that any lacks.
    private var lacking: (bytes: UInt64, oldest: (segment: Segment, offset: UInt64)?) {
        guard let names = configuredCollectors, !names.isEmpty else {
            let bytes = segments.reduce(0) { $0 + $1.length }
            return (bytes, segments.first { $0.length > 0 }.map { ($0, $0.start) })
        }
        var most: UInt64 = 0
        var oldest: (index: Int, offset: UInt64)?
        for name in names {
            let acknowledged = cursors.collectors[name]?.acknowledged ?? LogRangeSet()
            var bytes: UInt64 = 0
            for (index, segment) in segments.enumerated() {
                for part in acknowledged.missing(from: segment.range) {
                    if bytes == 0, oldest.map({ (index, part.from) < ($0.index, $0.offset) }) ?? true {
                        oldest = (index, part.from)
                    }
                    bytes += part.count
                }
            }
            most = max(most, bytes)
        }
        return (most, oldest.map { (segments[$0.index], $0.offset) })
    }

    /// The time of the record at an offset; of the segment's first scrape when no record begins there.
    private func time(of place: (segment: Segment, offset: UInt64)) -> Int64? {
        var bytes = ByteBuffer()
        let offset = place.offset - place.segment.start
        let count = try? read(place.segment, at: offset, maximum: RecordHeader.size, into: &bytes)
        guard count == RecordHeader.size, let header = try? RecordHeader.parse(bytes, at: 0),
            header.time >= place.segment.firstTime ?? .min
        else { return place.segment.firstTime }
        return header.time
    }
}
