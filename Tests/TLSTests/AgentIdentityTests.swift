import TestSupport
import Testing

@testable import TLS

/// What counts as an identity, from real certificates and from invented names.
@Suite struct AgentIdentityTests {
    let certificates: TestCertificates

    init() throws { certificates = try #require(TestCertificates.shared) }

    private func load(_ pair: TestCertificates.Pair) throws -> PeerCertificate {
        let context = try TLSContext(
            TLSContextConfiguration(role: .client, certificateFile: pair.certificate, keyFile: pair.key))
        return try #require(context.ownCertificate)
    }

    private func refusal(of certificate: PeerCertificate) throws -> TLSError {
        let error = #expect(throws: TLSError.self) { _ = try AgentIdentity(certificate: certificate) }
        #expect(error?.code == .identity)
        return try #require(error)
    }

    @Test func `certificates of the script carry their identity`() throws {
        let agent = try AgentIdentity(certificate: load(certificates.agent("other")))
        #expect(agent.trustDomain == "culvert.local" && agent.role == .agent && agent.name == "other")
        let collector = try AgentIdentity(certificate: load(certificates.collector))
        #expect(collector.trustDomain == "culvert.local" && collector.role == .collector)
    }

    @Test func `another trust domain is seen as such`() throws {
        let identity = try AgentIdentity(certificate: load(certificates.agentOfAnotherTrustDomain()))
        #expect(identity.trustDomain == "elsewhere.example")
    }

    @Test func `a URI that goes on behind a NUL is no identity`() throws {
        let certificate = try load(certificates.agentWithNUL())
        #expect(certificate.uriNames.first?.contains(0) == true, "nothing was cut off on the way")
        #expect(try refusal(of: certificate).message.contains("agent/agent\\x00.evil"))
    }

    @Test func `two URIs, none, and names beside the URI are no identity`() throws {
        #expect(try refusal(of: load(certificates.agentWithTwoNames())).message.contains("2 URIs"))
        #expect(try refusal(of: load(certificates.agentWithoutName())).message.contains("no URI"))
        for extra in ["DNS:host.example", "IP:10.0.0.1", "email:a@b.example", "RID:1.2.3"] {
            let names = "URI:culvert://culvert.local/agent/agent,\(extra)"
            let certificate = try load(certificates.leaf(names: names, purpose: .client))
            #expect(try refusal(of: certificate).message.contains("other names"), "\(extra)")
        }
    }

    @Test(arguments: [
        "culvert://d/agent/a", "culvert://d/agent/0", "culvert://a.b-c/agent/x.y_z-1", "culvert://d/collector/c",
        "culvert://d/agent/" + String(repeating: "a", count: 63),
    ])
    func `names of the right form are accepted`(uri: String) throws {
        let identity = try AgentIdentity(certificate: Self.certificate(uri))
        #expect(uri == "culvert://\(identity.trustDomain)/\(identity.role)/\(identity.name)")
    }

    @Test(arguments: [
        "", "culvert:", "culvert://", "culvert://d", "culvert://d/agent", "culvert://d/agent/", "culvert:///agent/a",
        "culvert://d/agent/a/", "culvert://d/agent/a/b", "culvert://d//a", "culvert://d/server/a",
        "culvert://d/Agent/a",
        "CULVERT://d/agent/a", "spiffe://d/agent/a", "https://d/agent/a", "culvert://d/agent/A", "culvert://d/agent/.a",
        "culvert://d/agent/-a", "culvert://d/agent/a b", "culvert://d/agent/a?b", "culvert://d/agent/a#b",
        "culvert://d/agent/%61", "culvert://d:1/agent/a", "culvert://u@d/agent/a", "culvert://D/agent/a",
        "culvert://d/agent/ä", "culvert://d/agent/a\n", "culvert://d/agent/a\u{7F}", " culvert://d/agent/a",
        "culvert://d/agent/" + String(repeating: "a", count: 64),
        "culvert://" + String(repeating: "d", count: 256) + "/agent/a", "culvert://d/agent/..",
    ])
    func `names of any other form are refused, and the message shows what was found`(uri: String) throws {
        let error = try refusal(of: Self.certificate(uri))
        #expect(error.message.contains("expected exactly one URI culvert://<trust-domain>/agent/<name>"))
        #expect(error.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "nothing unprintable gets into a log")
    }

    private static func certificate(_ uri: String) -> PeerCertificate {
        PeerCertificate(
            subject: "CN=x", issuer: "CN=y", serial: "01", notBefore: 0, notAfter: 0, uriNames: [Array(uri.utf8)],
            dnsNames: [], ipAddresses: [], otherNameCount: 0, publicKeyHash: [])
    }
}
