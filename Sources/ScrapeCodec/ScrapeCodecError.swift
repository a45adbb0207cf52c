/// What was wrong with bytes that should have been a record's payload, or with a value that should become one.
package struct ScrapeCodecError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failures.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// Bytes that end early, or mean nothing.
        case malformed
        /// A declared or actual size above its limit.
        case tooLarge
        /// A kind of record or an encoding this release does not read.
        case unsupported
        /// A record that builds on others which were not seen; the target's next keyframe mends it.
        case outOfSequence
        /// The body was asked for too late: a newer one has taken its place.
        case superseded
        /// The compression library failed, for lack of memory as a rule.
        case compression
    }

    package var code: Code
    /// What happened and what was expected, one sentence without a full stop.
    package var message: String
    /// The field or record that is to blame.
    package var culprit: String?

    package init(code: Code, message: String, culprit: String? = nil) {
        self.code = code
        self.message = message
        self.culprit = culprit
    }

    package var description: String {
        guard let culprit else { return message }
        return "\(culprit): \(message)"
    }
}
