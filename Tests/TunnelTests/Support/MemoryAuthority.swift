import NIOCore
import Synchronization
import TLS

@testable import Tunnel

/// Lets every agent in except those it is told to deny, and remembers what happened at the port.
final class MemoryAuthority: TunnelAuthority, Sendable {
    struct Refusal: Sendable, Hashable {
        var agent: String?
        var reason: String
        var message: String
    }

    private struct State: Sendable {
        var replicas: [String: MemoryReplica] = [:]
        var denied: Set<String> = []
        var refusals: [Refusal] = []
        var connected: [String] = []
        var disconnected: [Refusal] = []
        var contended: [String] = []
    }

    private let state = Mutex(State())

    var refusals: [Refusal] { state.withLock(\.refusals) }
    var connected: [String] { state.withLock(\.connected) }
    var disconnected: [Refusal] { state.withLock(\.disconnected) }
    var contended: [String] { state.withLock(\.contended) }

    func deny(_ name: String) { state.withLock { _ = $0.denied.insert(name) } }

    func replica(_ name: String = "agent") -> MemoryReplica {
        state.withLock { state in
            if let replica = state.replicas[name] { return replica }
            let replica = MemoryReplica()
            state.replicas[name] = replica
            return replica
        }
    }

    func receiver(for identity: AgentIdentity) throws(TunnelRefusal) -> any TunnelReceiver {
        if state.withLock({ $0.denied.contains(identity.name) }) {
            throw TunnelRefusal(
                code: .denied, message: "agent \(identity.name) is not configured here", retryAfter: .seconds(60))
        }
        return replica(identity.name)
    }

    func observe(_ event: TunnelServerEvent) {
        state.withLock { state in
            switch event {
            case .refused(_, let agent, let reason, let message):
                state.refusals.append(Refusal(agent: agent, reason: reason, message: message))
            case .connected(let agent, _, _, _, _): state.connected.append(agent)
            case .disconnected(let agent, _, _, let reason, let message):
                state.disconnected.append(Refusal(agent: agent, reason: reason, message: message))
            case .contended(_, _, let outcome): state.contended.append(outcome)
            case .received, .failed, .acceptFailed: break
            }
        }
    }
}
