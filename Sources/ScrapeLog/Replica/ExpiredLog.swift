/// What has been deleted of a replica.
package struct ExpiredLog: Sendable {
    /// A segment that is gone.
    package struct Segment: Sendable {
        package var segment: HeldSegment
        /// What was where in it; nil when that had been forgotten.
        package var index: SegmentIndex?
        /// Whether some reader may still have wanted it.
        package var isUnread: Bool
    }

    package var bytes: UInt64 = 0
    package var removed: [Segment] = []

    /// How many segments are gone.
    package var segments: Int { removed.count }
}
