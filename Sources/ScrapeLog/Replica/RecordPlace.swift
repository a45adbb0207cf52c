/// Where a record stands in its segment.
package struct RecordPlace: Sendable, Hashable {
    /// Bytes from the segment's first one.
    package let place: UInt32
    /// Bytes of the whole record.
    package let length: UInt32

    package var end: UInt64 { UInt64(place) + UInt64(length) }
}

/// Where a record stands that says what a target reference means, or that it means nothing any more.
package struct TargetChange: Sendable, Hashable {
    package let target: UInt32
    package let record: RecordPlace
    package let isWithdrawal: Bool
}
