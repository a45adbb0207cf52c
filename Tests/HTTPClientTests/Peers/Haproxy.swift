import Foundation
import TestSupport

/// A real haproxy in front of another server.
struct Haproxy: Sendable {
    let process: PeerProcess

    var port: Int { process.ports[0] }

    /// Passes requests (`mode http`) or bytes (`mode tcp`) on to a port on loopback; with a pair it speaks TLS itself.
    static func start(mode: String, to port: Int, tls pair: TestCertificates.Pair? = nil) async throws -> Haproxy {
        Haproxy(
            process: try await PeerProcess.start(.haproxy) { directory, ports in
                var tls = ""
                if let pair {
                    let file = directory + "/tls.pem"
                    let certificate = try String(contentsOfFile: pair.certificate, encoding: .utf8)
                    let key = try String(contentsOfFile: pair.key, encoding: .utf8)
                    try Data((certificate + key).utf8).write(to: URL(fileURLWithPath: file))
                    tls = " ssl crt \(file)"
                }
                return """
                    global
                        maxconn 200
                    defaults
                        mode \(mode)
                        timeout connect 5s
                        timeout client 30s
                        timeout server 30s
                    frontend in
                        bind 127.0.0.1:\(ports[0])\(tls)
                        default_backend out
                    backend out
                        server one 127.0.0.1:\(port)

                    """
            })
    }
}
