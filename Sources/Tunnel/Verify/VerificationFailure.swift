import NIOCore

/// Why an agent's log could not be compared with its replica.
package struct VerificationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case notConnected
        case timeout
        /// Another comparison with this agent is under way.
        case busy
        /// The agent could not read its log, or holds it in too many pieces.
        case failed
    }

    package var code: Code
    /// One sentence: what happened and what to do about it.
    package var message: String
    package var agent: String

    package init(code: Code, message: String, agent: String) {
        self.code = code
        self.message = message
        self.agent = agent
    }

    package var description: String { "\(agent): \(message)" }

    package static func notConnected(agent: String) -> VerificationFailure {
        .init(code: .notConnected, message: "the agent is not connected; try again when it is", agent: agent)
    }

    static func timeout(agent: String, limit: TimeAmount) -> VerificationFailure {
        .init(
            code: .timeout,
            message:
                "no checksums within \(limit.nanoseconds / 1_000_000_000) s; an agent of a release without `verify` never sends them",
            agent: agent)
    }
}
