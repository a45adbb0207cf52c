import NIOCore

/// Why a tunnel connection is not, or no longer, there: the step that failed, what happened, and what to do about it.
package struct TunnelFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The steps of a dial, in order, and the life after it.
    package enum Stage: String, Sendable, Hashable {
        case resolve, connect, proxy, tls, welcome, established
    }

    package var stage: Stage
    /// A short closed word for metrics: `refused`, `timeout`, `duplicate`, …
    package var reason: String
    /// One sentence: what happened.
    package var message: String
    /// One sentence: what to do about it. Empty where nothing need be done.
    package var cure: String

    package init(stage: Stage, reason: String, message: String, cure: String = "") {
        self.stage = stage
        self.reason = reason
        self.message = message
        self.cure = cure
    }

    package var description: String { cure.isEmpty ? message : "\(message); \(cure)" }
}

extension TunnelFailure {
    static func rejected(_ reject: Frame.Reject, ownClock: Int64) -> TunnelFailure {
        let skew = (ownClock.subtractingReportingOverflow(reject.clock).partialValue) / 1_000_000
        let cure: String
        switch RejectCode(rawValue: reject.code) {
        case .denied: cure = "add this agent to `agents` in the collector's configuration"
        case .identity: cure = "issue this agent a certificate of the collector's trust domain (certs/issue)"
        case .version: cure = "upgrade the older side"
        case .overloaded: cure = "it is retried by itself"
        case .duplicate:
            cure = "stop the other agent that uses this certificate, or issue a certificate of its own to each"
        case .storage: cure = "see the collector's log"
        case .protocolError, nil: cure = "report this with both sides' versions"
        }
        var message = "the collector refused: \(reject.message)"
        if skew.magnitude > 30 {
            message += " (own clock is \(skew.magnitude) s \(skew > 0 ? "ahead of" : "behind") the collector's)"
        }
        let reason = RejectCode(rawValue: reject.code)?.word ?? "code_\(reject.code)"
        return .init(stage: .welcome, reason: reason, message: message, cure: cure)
    }

    static func wentAway(_ goAway: Frame.GoAway, isOpen: Bool) -> TunnelFailure {
        let reason = GoAwayCode(rawValue: goAway.code)?.word ?? "code_\(goAway.code)"
        return .init(
            stage: isOpen ? .established : .welcome, reason: reason, message: "the collector closed: \(goAway.message)")
    }

    static func noWelcome(after limit: TimeAmount) -> TunnelFailure {
        .init(
            stage: .welcome, reason: "timeout",
            message: "no Welcome within \(limit.nanoseconds / 1_000_000) ms after the TLS handshake",
            cure:
                "check that this address is a Culvert collector's tunnel port and that the collector is not overloaded")
    }

    static func logVersion(_ own: UInt16, read: [UInt16]) -> TunnelFailure {
        let versions = read.map { "\($0)" }.joined(separator: ", ")
        return .init(
            stage: .welcome, reason: "version",
            message: "the collector reads log versions \(versions), this agent writes version \(own)",
            cure: "upgrade the older side")
    }

    static func slowFrame(after limit: TimeAmount) -> TunnelFailure {
        .init(
            stage: .established, reason: "slow_frame",
            message: "a frame was not complete within \(limit.nanoseconds / 1_000_000) ms",
            cure: "if this repeats, look for a connection that loses packets or is far too slow")
    }

    static func silent(for limit: TimeAmount) -> TunnelFailure {
        .init(
            stage: .established, reason: "silent",
            message: "nothing was received for \(limit.nanoseconds / 1_000_000_000) s",
            cure: "if this repeats, look for a firewall or NAT that drops idle connections")
    }
}
