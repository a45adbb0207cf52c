import Foundation
import TLS
import TestSupport
import Testing

@testable import HTTPClient

/// nginx with every choice of TLS versions, against a client with every choice.
@Suite("TLS with nginx", .needs(.nginx))
struct TLSMatrixTests {
    private let certificates: TestCertificates

    init() throws {
        certificates = try #require(TestCertificates.shared)
    }

    @Test func `the newest version that both ends allow is used, and without one the sentence says so`() async throws {
        let certificates = certificates
        let offers = ["TLSv1.2", "TLSv1.3", "TLSv1.2 TLSv1.3", "TLSv1.1"]
        let nginx = try await Nginx.start(ports: offers.count) { _, ports in
            zip(offers, ports).map { offer, port in
                """
                server {
                    listen 127.0.0.1:\(port) ssl; return 200 "$ssl_protocol";
                    \(Nginx.tls(certificates.collector, protocols: offer)) ssl_ciphers DEFAULT:@SECLEVEL=0;
                }
                """
            }.joined(separator: "\n")
        }
        let wishes: [(TLSVersion, TLSVersion?, [String?])] = [
            (.tls12, nil, ["TLSv1.2", "TLSv1.3", "TLSv1.3", nil]), (.tls13, nil, [nil, "TLSv1.3", "TLSv1.3", nil]),
            (.tls12, .tls12, ["TLSv1.2", nil, "TLSv1.2", nil]),
            (.tls12, .tls13, ["TLSv1.2", "TLSv1.3", "TLSv1.3", nil]),
            (.tls13, .tls13, [nil, "TLSv1.3", "TLSv1.3", nil]),
        ]
        for (minimum, maximum, expected) in wishes {
            let client = try await ClientFixture(tls: try certificates.client(minimum: minimum, maximum: maximum))
            for (index, version) in expected.enumerated() {
                let what = "\(minimum) … \(maximum.map { "\($0)" } ?? "newest") with \(offers[index])"
                let url = nginx.url(port: index, scheme: "https")
                if let version {
                    let text = try await client.get(url).text
                    #expect(text == version, "\(what)")
                } else {
                    let error = try await client.failure(url)
                    #expect(error.code == .tlsFailed, "\(what)")
                    #expect(error.message.contains("version"), "\(what): \(error)")
                }
            }
            try await client.close()
        }
    }

    @Test func `a job's certificate is shown, be it in a file or given as text`() async throws {
        let certificates = certificates
        let nginx = try await Nginx.start { _, ports in
            """
            server {
                listen 127.0.0.1:\(ports[0]) ssl; return 200 "$ssl_client_verify $ssl_client_s_dn";
                \(Nginx.tls(certificates.collector, clients: certificates.authority))
            }
            """
        }
        let agent = certificates.agent()
        let text: (String) throws -> PEMText = { PEMText(try String(contentsOfFile: $0, encoding: .utf8)) }
        let inline = TLSContextConfiguration(
            role: .client, certificateText: try text(agent.certificate), keyText: try text(agent.key),
            certificateAuthorityText: try text(certificates.authority))
        for context in [try certificates.client(as: agent), try TLSContext(inline)] {
            let client = try await ClientFixture(tls: context)
            let text = try await client.get(nginx.url(scheme: "https")).text
            #expect(text == "SUCCESS CN=agent")
            try await client.close()
        }
        let anonymous = try await ClientFixture(tls: try certificates.client())
        let error = try await anonymous.failure(nginx.url(scheme: "https"))
        #expect(error.code == .unexpectedStatus)
        #expect(error.status == 400)
        try await anonymous.close()
        let stranger = try await ClientFixture(tls: try TLSContext(TLSContextConfiguration(role: .client)))
        let refusal = try await stranger.failure(nginx.url(scheme: "https"))
        #expect(refusal.code == .tlsFailed)
        try await stranger.close()
    }

    @Test func `certificates change at both ends while requests go on, and none of them fails`() async throws {
        let old = certificates
        let new = try TestCertificates(agents: ["agent"])
        let places = try TemporaryDirectory()
        let served = places.path + "/served.pem"
        let servedKey = places.path + "/served-key.pem"
        let bundle = places.path + "/both.pem"
        let authorities = try [old, new].map { try Data(contentsOf: URL(fileURLWithPath: $0.authority)) }
        try (authorities[0] + authorities[1]).write(to: URL(fileURLWithPath: bundle))
        try Self.copy(old.collector, to: served, servedKey)
        let nginx = try await Nginx.start { _, ports in
            """
            server {
                listen 127.0.0.1:\(ports[0]) ssl;
                location / { keepalive_requests 20; return 200 "$ssl_client_fingerprint"; }
                \(Nginx.tls(certificate: served, key: servedKey, clients: bundle))
            }
            """
        }
        let url = nginx.url(scheme: "https")
        let client = try await ClientFixture(tls: try old.client(as: old.agent(), trusting: bundle))
        var shown: [String] = []
        func request(_ count: Int) async throws {
            for _ in 0..<count {
                let text = try await client.get(url).text
                if shown.last != text { shown.append(text) }
            }
        }
        try await request(50)
        // The target's: the worker with the old one goes, and closes its idle connections while we use them.
        let oldWorkers = nginx.process.children
        #expect(oldWorkers.count == 1)
        try Self.copy(new.collector, to: served, servedKey)
        nginx.process.signal(SIGHUP)
        let deadline = ContinuousClock.now + .seconds(30)
        while nginx.process.children.isEmpty || !nginx.process.children.isDisjoint(with: oldWorkers) {
            try await request(5)
            try #require(ContinuousClock.now < deadline, "\(nginx.process.output)")
        }
        try await request(50)
        // Ours: another certificate, and the old authority is believed no longer.
        try await client.replaceTLS(try new.client(as: new.agent(), trusting: new.authority))
        try await request(50)
        #expect(shown.count == 2)
        let made = try await client.connectionsMade()
        // A connection serves 20 requests; each change costs one more at most.
        #expect(made >= 8)
        try await client.close()
    }

    private static func copy(_ source: TestCertificates.Pair, to certificate: String, _ key: String) throws {
        for (from, to) in [(source.certificate, certificate), (source.key, key)] {
            try Data(contentsOf: URL(fileURLWithPath: from)).write(to: URL(fileURLWithPath: to), options: .atomic)
        }
    }
}
