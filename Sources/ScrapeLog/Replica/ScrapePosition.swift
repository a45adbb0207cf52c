/// Where the record of one scrape stands in its segment. Sixteen bytes.
package struct ScrapePosition: Sendable, Hashable {
    /// The record header's: milliseconds since the Unix epoch, agent's clock.
    package let time: Int64
    /// Bytes from the segment's first one.
    package let place: UInt32
    private let lengthAndKind: UInt32

    init(_ header: RecordHeader, place: UInt32) {
        time = header.time
        self.place = place
        lengthAndKind = header.length << 1 | (header.kind == .keyframe ? 1 : 0)
    }

    /// Bytes of the whole record.
    package var length: Int { Int(lengthAndKind >> 1) }

    /// Whether it can be decoded without the ones before it.
    package var isKeyframe: Bool { lengthAndKind & 1 == 1 }

    /// Behind the record, from the segment's first byte.
    package var end: UInt64 { UInt64(place) + UInt64(length) }
}
