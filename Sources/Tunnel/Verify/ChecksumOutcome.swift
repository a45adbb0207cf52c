/// How a request for checksums ended at the agent. Raw values are on the wire.
package enum ChecksumOutcome: UInt8, Sendable, CaseIterable {
    /// The parts are all that the agent holds of what was asked for.
    case done = 0
    /// Another request is being worked on.
    case busy = 1
    /// The log could not be read; the parts are those before the failure.
    case failed = 2
    /// There are more parts than one frame names; those that are named are right.
    case partial = 3
}
