package import NIOCore

/// What one scrape becomes in the log.
package struct EncodedScrape: Sendable {
    /// The payload of the dictionary record that has to stand before the scrape's own; empty when none is needed.
    package var lines: ByteBuffer
    /// The kind that the scrape's record must have: a keyframe's or a delta's.
    package var kind: UInt8
    package var payload: ByteBuffer

    /// Raw values of the kinds, as the log has them.
    package static let keyframe: UInt8 = 5
    package static let delta: UInt8 = 6
}
