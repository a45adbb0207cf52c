package import NIOCore
package import ScrapeLog
package import TLS

/// One agent's replica as the tunnel sees it. Called from the connection's event loop; at most one connection at a time
/// is open for an agent, but an old one's last call may overlap a new one's first.
package protocol TunnelReceiver: AnyObject, Sendable {
    /// What is held of the epochs that the agent named, durable or not.
    func held(of epochs: Set<UInt64>) -> [LogRange]
    /// An agent was welcomed.
    func opened(_ connection: TunnelConnection, hello: Frame.Hello, certificate: PeerCertificate)
    /// Log bytes that may overlap what is held.
    func append(_ range: LogRange, bytes: ByteBuffer) throws
    /// Bytes that are held, for use as a compression prefix.
    func read(_ range: LogRange) throws -> ByteBuffer
    func gap(_ gap: Frame.Gap)
    func clock(_ estimate: ClockEstimate)
    /// The connection with this number is gone.
    func closed(_ connection: UInt64, reason: String)
}

/// Why an agent may not connect.
package struct TunnelRefusal: Error, Sendable, Hashable {
    package var code: RejectCode
    package var message: String
    package var retryAfter: TimeAmount

    package init(code: RejectCode, message: String, retryAfter: TimeAmount) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// Decides who may connect, and is told what happens at the tunnel port.
package protocol TunnelAuthority: Sendable {
    /// The replica for a verified identity.
    func receiver(for identity: AgentIdentity) throws(TunnelRefusal) -> any TunnelReceiver
    /// Something an operator may want to know.
    func observe(_ event: TunnelServerEvent)
}

/// What happens at the tunnel port.
package enum TunnelServerEvent: Sendable {
    /// Turned away before or instead of a Welcome: a word for metrics, a sentence, and the identity where it is known.
    case refused(peer: String, agent: String?, reason: String, message: String)
    case connected(agent: String, peer: String, connection: UInt64, hello: Frame.Hello, tls: TLSHandshakeInfo)
    case disconnected(agent: String, peer: String, connection: UInt64, reason: String, message: String)
    /// A newcomer claimed a live identity.
    case contended(agent: String, peer: String, outcome: String)
    case received(bytes: Int, frames: Int)
    /// Something of an agent's could not be applied; the agent is told that, but not why.
    case failed(agent: String, message: String)
    case acceptFailed(message: String)
}
