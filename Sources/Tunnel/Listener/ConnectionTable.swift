import Synchronization

/// Who is connected: at most one connection per agent name. Thread-safe.
final class ConnectionTable: Sendable {
    enum Claim: Sendable {
        /// The name is free, or held by the same instance, whose connection `old` is to be closed.
        case granted(replacing: TunnelConnection?)
        /// Another instance holds it.
        case held(by: TunnelConnection)
    }

    private let connections = Mutex<[String: TunnelConnection]>([:])

    /// Enters `connection` unless another instance holds its name and `force` is false.
    func claim(_ connection: TunnelConnection, force: Bool) -> Claim {
        connections.withLock { table in
            if let old = table[connection.agent], old.instance != connection.instance, !force { return .held(by: old) }
            return .granted(replacing: table.updateValue(connection, forKey: connection.agent))
        }
    }

    /// Removes `connection`; a no-op when a newer one holds the name.
    func release(_ connection: TunnelConnection) {
        connections.withLock { table in
            if table[connection.agent]?.number == connection.number { table[connection.agent] = nil }
        }
    }

    var all: [TunnelConnection] { connections.withLock { Array($0.values) } }
}
