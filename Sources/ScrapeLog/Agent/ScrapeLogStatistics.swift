/// Figures about the agent's log, for metrics and log lines. Counters count since the log was opened.
package struct ScrapeLogStatistics: Sendable, Hashable {
    package var bytesHeld: UInt64 = 0
    package var segments = 0
    /// Segments, and their bytes, deleted for lack of room before every collector had them.
    package var droppedSegments: UInt64 = 0
    package var droppedBytes: UInt64 = 0
    /// Records that could not be appended: too large, or cut off from their keyframe by a failing disk.
    package var droppedRecords: UInt64 = 0
    /// Bytes cut off when the log was opened, because they were no good records.
    package var repairedBytes: UInt64 = 0
    /// Files set aside when the log was opened: unknown version, or from another log.
    package var setAsideSegments = 0
    /// Time of the oldest scrape held, milliseconds since the Unix epoch.
    package var oldestRecordTime: Int64?
    /// Times a disk failed under the log.
    package var storageFailures: UInt64 = 0
}
