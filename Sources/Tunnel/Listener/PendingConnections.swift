import NIOCore
import Synchronization

/// The connections of a listener that are not welcomed yet, within their limits. Owns the way to end those that have to
/// make room. Thread-safe.
final class PendingConnections: Sendable {
    /// Fired through the pipeline of a connection that has to make room for a newer one.
    struct Evicted: Sendable {}

    private struct State {
        var admission: Admission
        var channels: [UInt64: any Channel] = [:]
    }

    private let state: Mutex<State>

    init(limits: Admission.Limits) {
        state = Mutex(State(admission: Admission(limits: limits)))
    }

    /// Lets `channel` in, at the cost of another's place where it must be; otherwise returns a word and a sentence.
    func accept(_ channel: any Channel, number: UInt64) -> (reason: String, message: String)? {
        let (verdict, victim) = state.withLock { state in
            let verdict = state.admission.accept(AddressKey.make(channel.remoteAddress), number: number, now: .now())
            if case .refused = verdict { return (verdict, nil as (any Channel)?) }
            state.channels[number] = channel
            guard case .evicting(let evicted) = verdict else { return (verdict, nil) }
            return (verdict, state.channels.removeValue(forKey: evicted))
        }
        victim?.pipeline.fireUserInboundEventTriggered(Evicted())
        guard case .refused(let reason) = verdict else { return nil }
        return (
            reason,
            reason == "rate"
                ? "too many connections from this address in a short time"
                : "too many connections that are not authenticated yet"
        )
    }

    /// The connection's TLS handshake is done.
    func authenticated(_ number: UInt64) {
        state.withLock { $0.admission.authenticated(number) }
    }

    /// The connection was welcomed, refused or closed.
    func settle(_ number: UInt64) {
        state.withLock { state in
            state.admission.settle(number)
            state.channels[number] = nil
        }
    }
}
