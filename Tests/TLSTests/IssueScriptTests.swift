import Foundation
import TestSupport
import Testing

@testable import TLS

/// `certs/issue` as an operator uses it.
@Suite struct IssueScriptTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var target: String { directory.path + "/certificates" }

    private func issue(_ arguments: String...) throws -> CommandLineTool {
        try CommandLineTool.run(TestCertificates.script, [target] + arguments)
    }

    private func inspect(_ file: String, _ arguments: String...) throws -> String {
        try CommandLineTool.output(of: "openssl", ["x509", "-in", "\(target)/\(file)", "-noout"] + arguments)
    }

    private func mode(_ file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(target)/\(file)")
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: target).sorted()
    }

    @Test func `one call makes authority, collector and agent, and says what goes to the agent's host`() throws {
        let made = try issue()
        #expect(made.status == 0)
        let expected = ["agent-key.pem", "agent.pem", "ca-key.pem", "ca.pem", "collector-key.pem", "collector.pem"]
        #expect(try files() == expected)
        #expect(
            made.output.contains(
                "The host of agent agent needs: \(target)/ca.pem \(target)/agent.pem \(target)/agent-key.pem"))
        for name in ["ca", "collector", "agent"] {
            #expect(try mode("\(name)-key.pem") == 0o600)
            #expect(try mode("\(name).pem") == 0o644)
        }
        for name in ["collector", "agent"] {
            try CommandLineTool.output(
                of: "openssl", ["verify", "-x509_strict", "-CAfile", "\(target)/ca.pem", "\(target)/\(name).pem"])
        }
    }

    @Test func `the certificates are what the room TLS expects`() throws {
        #expect(try issue("--collector-host", "c.example.com", "--collector-host", "10.1.2.3").status == 0)
        let authority = try inspect("ca.pem", "-text")
        #expect(authority.contains("CA:TRUE, pathlen:0") && authority.contains("Certificate Sign, CRL Sign"))
        let agent = try inspect("agent.pem", "-text")
        #expect(agent.contains("CA:FALSE") && agent.contains("TLS Web Client Authentication"))
        #expect(!agent.contains("Server Authentication") && agent.contains("prime256v1"))
        let collector = try inspect("collector.pem", "-text")
        #expect(collector.contains("TLS Web Server Authentication") && !collector.contains("Client Authentication"))

        let own = try certificate("collector")
        #expect(own.dnsNames == ["localhost", "c.example.com"])
        #expect(own.ipAddresses == ["127.0.0.1", "::1", "10.1.2.3"])
        #expect(own.uriNames == [Array("culvert://culvert.local/collector/collector".utf8)])
        let now = Int64(Date().timeIntervalSince1970)
        #expect((now - 420...now - 290).contains(own.notBefore), "five minutes back")
        #expect((now + 89 * 86_400...now + 91 * 86_400).contains(own.notAfter))
        #expect(try AgentIdentity(certificate: certificate("agent")).name == "agent")
    }

    private func certificate(_ name: String) throws -> PeerCertificate {
        let context = try TLSContext(
            TLSContextConfiguration(
                role: .client, certificateFile: "\(target)/\(name).pem", keyFile: "\(target)/\(name)-key.pem"))
        return try #require(context.ownCertificate)
    }

    @Test func `a second call changes nothing, and a named agent is added`() throws {
        #expect(try issue("--trust-domain", "mine.example").status == 0)
        let before = try files().map { try Data(contentsOf: URL(fileURLWithPath: "\(target)/\($0)")) }
        let names = try files()
        #expect(try issue().status == 0)
        #expect(try files() == names)
        #expect(try files().map { try Data(contentsOf: URL(fileURLWithPath: "\(target)/\($0)")) } == before)
        #expect(try issue("--agent", "vpc-a", "--agent", "vpc.b_1").status == 0)
        #expect(
            Set(try files()).subtracting(names) == ["vpc-a.pem", "vpc-a-key.pem", "vpc.b_1.pem", "vpc.b_1-key.pem"])
        let identity = try AgentIdentity(certificate: certificate("vpc.b_1"))
        #expect(identity.trustDomain == "mine.example" && identity.name == "vpc.b_1", "the domain is remembered")
    }

    @Test func `renewal keeps the key`() throws {
        #expect(try issue().status == 0)
        let before = try certificate("agent")
        try FileManager.default.removeItem(atPath: "\(target)/agent.pem")
        #expect(try issue().status == 0)
        let after = try certificate("agent")
        #expect(after.publicKeyHash == before.publicKeyHash && after.serial != before.serial)
    }

    @Test func `two authorities never share a name`() throws {
        let first = try TestCertificates()
        let second = try TestCertificates()
        let names = try [first, second].map {
            try CommandLineTool.output(of: "openssl", ["x509", "-in", $0.authority, "-noout", "-subject"])
        }
        #expect(names[0] != names[1])
    }

    @Test(arguments: [
        ["--agent", "A"], ["--agent", ""], ["--agent", "-x"], ["--agent", "a,URI:b"], ["--agent", "../x"],
        ["--agent", "ca"], ["--agent", "collector"], ["--agent", "x-key"], ["--agent", "a b"], ["--agent", "a\nb"],
        ["--agent", String(repeating: "a", count: 64)], ["--agent"], ["--nonsense"], ["another-directory"],
        ["--collector-host", "a,DNS:b"], ["--collector-host", "a_b"], ["--collector-host", "1.2.3.256"],
        ["--collector-host", "1::2::3"], ["--collector-host", "-a"], ["--trust-domain", "a/b"],
        ["--trust-domain", "a_b"], ["--trust-domain", "UPPER"],
    ])
    func `bad arguments are one clear line, status 2, and nothing is written`(arguments: [String]) throws {
        let result = try CommandLineTool.run(TestCertificates.script, [target] + arguments)
        #expect(result.status == 2)
        #expect(result.output.hasPrefix("certs/issue: "))
        #expect(result.output.hasSuffix("see certs/issue --help\n"))
        #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test func `what cannot be done is one clear line and leaves no trace`() throws {
        #expect(try issue("--trust-domain", "a.example").status == 0)
        let names = try files()
        func refused(_ text: String, _ arguments: String...) throws {
            let result = try CommandLineTool.run(TestCertificates.script, [target] + arguments)
            #expect(result.status == 1)
            #expect(result.output.contains(text), "\(result.output)")
            #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
        }
        try refused("authority of the trust domain a.example, not b.example", "--trust-domain", "b.example")
        try refused("does not name new.example", "--collector-host", "new.example")
        #expect(try files() == names)
        try FileManager.default.removeItem(atPath: "\(target)/agent-key.pem")
        try refused("exists without")
        try FileManager.default.removeItem(atPath: "\(target)/ca-key.pem")
        try refused("ca-key.pem is missing", "--agent", "late")
        try FileManager.default.removeItem(atPath: "\(target)/ca.pem")
        try refused("exists but \(target)/ca.pem does not")
        #expect(try files().allSatisfy { !$0.hasPrefix(".issue") })
    }
}
