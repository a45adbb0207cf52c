import TestSupport

/// A real tinyproxy, with a password or without.
struct Tinyproxy: Sendable {
    let process: PeerProcess

    var port: Int { process.ports[0] }

    /// It connects to any port, or only to `connectPort`.
    static func start(credentials: (String, String)? = nil, connectPort: Int? = nil) async throws -> Tinyproxy {
        Tinyproxy(
            process: try await PeerProcess.start(.tinyproxy) { _, ports in
                """
                Port \(ports[0])
                Listen 127.0.0.1
                Timeout 60
                MaxClients 50
                LogLevel Connect
                \(credentials.map { "BasicAuth \($0.0) \($0.1)" } ?? "")
                \(connectPort.map { "ConnectPort \($0)" } ?? "")

                """
            })
    }
}
