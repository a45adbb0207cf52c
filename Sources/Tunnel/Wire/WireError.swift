/// A peer broke the protocol: what it sent and what was expected.
package struct WireError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The payload ends before its fields do, or a field is out of its range.
        case malformed
        /// The declared length is above what the state allows.
        case tooLarge
        case unknownType
        /// A frame that this state or direction does not allow.
        case unexpected
        /// More bytes than credit was given for, or ranges that contradict each other.
        case overrun
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
