/// Figures about the agent's log, for metrics and log lines. Counters count since the log was opened.
package struct ScrapeLogStatistics: Sendable, Hashable {
    /// Bytes that can be read, and how many of them are in memory only.
    package var bytesHeld: UInt64 = 0
    package var bytesInMemory: UInt64 = 0
    package var segments = 0
    /// Time of the oldest scrape held, milliseconds since the Unix epoch.
    package var oldestRecordTime: Int64?
    /// What may be held where the log is written now, bytes.
    package var budget: UInt64 = 0

    /// Bytes appended and flushed.
    package var appendedBytes: UInt64 = 0

    /// Segments, their bytes and their scrapes, deleted for lack of room before every collector had them.
    package var droppedSegments: UInt64 = 0
    package var droppedBytes: UInt64 = 0
    package var droppedScrapes: UInt64 = 0
    /// Records that could not be appended: too large for the log.
    package var oversizedRecords: UInt64 = 0
    /// Records that could not be appended: cut off from their keyframe.
    package var orphanedRecords: UInt64 = 0
    /// Scrapes that a failing disk did not take, and that nobody appended again.
    package var lostScrapes: UInt64 = 0

    /// Salvage when the log was opened: bytes cut off because they were no good records, and the segments they were in.
    package var repairedBytes: UInt64 = 0
    package var repairedSegments = 0
    /// Files set aside: of an unknown version, from another log, or unreadable.
    package var setAsideSegments = 0
    /// Bytes that are missing, damaged ones included, and that some collector neither has nor was to be told of before.
    package var missingBytes: UInt64 = 0

    /// Times a disk failed under the log, and times it was taken back.
    package var storageFailures: UInt64 = 0
    package var storageRecoveries: UInt64 = 0

    /// Records that could not be appended, for either reason.
    package var droppedRecords: UInt64 { oversizedRecords + orphanedRecords }
}
