/// What a record is. Raw values are part of the format.
package enum RecordKind: UInt8, Sendable, Hashable, CaseIterable {
    /// The first record of every segment.
    case segmentHeader = 1
    /// A target and the reference that later records of the segment use for it.
    case targetAnnounced = 2
    case targetWithdrawn = 3
    /// A dictionary entry of the codec.
    case line = 4
    /// A scrape encoded by itself.
    case keyframe = 5
    /// A scrape encoded against the previous scrape of the same target.
    case delta = 6
    /// Scrapes that were lost before they were logged.
    case gap = 7

    /// Whether the record is the result of one scrape attempt.
    package var isScrape: Bool { self == .keyframe || self == .delta }
}
