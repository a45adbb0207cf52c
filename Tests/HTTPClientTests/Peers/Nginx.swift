import Foundation
import NIOCore
import TLS
import TestSupport

/// A real nginx of one worker.
struct Nginx: Sendable {
    let process: PeerProcess

    var ports: [Int] { process.ports }

    /// `servers` is what stands in `http`, made of the directory and the ports.
    static func start(
        ports: Int = 1, servers: (_ directory: String, _ ports: [Int]) throws -> String
    ) async throws -> Nginx {
        Nginx(
            process: try await PeerProcess.start(.nginx, ports: ports) { directory, ports in
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map { "\($0)_temp_path \(directory)/\($0);" }.joined(separator: " ")
                return """
                    daemon off;
                    worker_processes 1;
                    user root root;
                    pid \(directory)/pid;
                    error_log stderr notice;
                    events { worker_connections 256; }
                    http {
                        access_log off;
                        server_tokens off;
                        default_type text/plain;
                        \(temporary)
                        \(try servers(directory, ports))
                    }

                    """
            })
    }

    func url(_ path: String = "/", port index: Int = 0, scheme: String = "http") -> String {
        "\(scheme)://127.0.0.1:\(ports[index])\(path)"
    }

    /// What makes a server speak TLS.
    static func tls(
        _ pair: TestCertificates.Pair, protocols: String = "TLSv1.2 TLSv1.3", clients authority: String? = nil
    ) -> String {
        tls(certificate: pair.certificate, key: pair.key, protocols: protocols, clients: authority)
    }

    /// The same with files of one's own.
    static func tls(
        certificate: String, key: String, protocols: String = "TLSv1.2 TLSv1.3", clients authority: String? = nil
    ) -> String {
        let verification = authority.map { "ssl_verify_client on; ssl_client_certificate \($0);" } ?? ""
        return """
            ssl_certificate \(certificate); ssl_certificate_key \(key); ssl_protocols \(protocols);
            ssl_session_tickets off; \(verification)
            """
    }
}
