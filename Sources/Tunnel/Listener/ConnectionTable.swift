import Synchronization

/// Who is connected: at most one connection per agent name. Thread-safe.
final class ConnectionTable: Sendable {
    enum Claim: Sendable {
        /// The name is free, or held by the same instance, or by a dead one, whose connection `old` is to be closed.
        case granted(replacing: TunnelConnection?)
        /// Another instance holds it.
        case held(by: TunnelConnection)
        /// The listener stops; nobody is let in any more.
        case closed
    }

    private struct State {
        var connections: [String: TunnelConnection] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Enters `connection` unless another instance holds its name. `dead` is the number of a connection that did not
    /// answer and may be displaced; it and no other, because a third instance may have taken its place meanwhile.
    func claim(_ connection: TunnelConnection, dead: UInt64?) -> Claim {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            if let old = state.connections[connection.agent], old.instance != connection.instance, old.number != dead {
                return .held(by: old)
            }
            return .granted(replacing: state.connections.updateValue(connection, forKey: connection.agent))
        }
    }

    /// Removes `connection`; a no-op when a newer one holds the name.
    func release(_ connection: TunnelConnection) {
        state.withLock { state in
            guard state.connections[connection.agent]?.number == connection.number else { return }
            state.connections[connection.agent] = nil
        }
    }

    /// Admits nobody from now on, and returns who is connected.
    func close() -> [TunnelConnection] {
        state.withLock { state in
            state.isClosed = true
            return Array(state.connections.values)
        }
    }

    /// True when nobody is let in any more.
    var isClosed: Bool { state.withLock { $0.isClosed } }
}
