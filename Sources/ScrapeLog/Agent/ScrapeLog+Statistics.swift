// What there is to know about a log.
extension ScrapeLog {
    /// Figures of this moment. Costs one look at every segment.
    package var statistics: ScrapeLogStatistics {
        var statistics = counters
        for segment in segments {
            statistics.bytesHeld += segment.length
            if segment.memory != nil { statistics.bytesInMemory += segment.length }
        }
        statistics.segments = segments.count
        statistics.oldestRecordTime = segments.lazy.compactMap(\.firstTime).first
        statistics.budget = budget
        return statistics
    }
}
