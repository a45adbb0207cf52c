import Foundation
import NIOCore
import TestSupport
import Testing

@testable import TLS

/// Certificates and keys that are given as text in place of files.
struct InlineMaterialTests {
    private let certificates: TestCertificates

    init() throws {
        certificates = try #require(TestCertificates.shared)
    }

    private func text(_ path: String) throws -> PEMText { PEMText(try String(contentsOfFile: path, encoding: .utf8)) }

    private func error(_ configuration: TLSContextConfiguration) throws -> TLSError {
        let error = #expect(throws: TLSError.self) { _ = try TLSContext(configuration) }
        #expect(error?.code == .configuration)
        return try #require(error)
    }

    @Test func `texts are as good as files, and both can be mixed`() throws {
        let agent = certificates.agent()
        for configuration in [
            TLSContextConfiguration(
                role: .client, certificateText: try text(agent.certificate), keyText: try text(agent.key),
                certificateAuthorityText: try text(certificates.authority)),
            TLSContextConfiguration(role: .client, keyFile: agent.key, certificateText: try text(agent.certificate)),
            TLSContextConfiguration(role: .client, certificateFile: agent.certificate, keyText: try text(agent.key)),
        ] {
            #expect(try TLSContext(configuration).ownCertificate?.subject == "CN=agent")
        }
    }

    @Test func `a file and a text for the same thing are one too many`() throws {
        let agent = certificates.agent()
        let authorities = try error(
            TLSContextConfiguration(
                role: .client, certificateAuthorityFile: certificates.authority, certificateAuthorityText: PEMText("x"))
        )
        #expect(
            "\(authorities)"
                == "CA certificate: is given as a text and as the file \(certificates.authority), "
                + "expected one of the two"
        )
        let keys = try error(
            TLSContextConfiguration(
                role: .client, certificateFile: agent.certificate, keyFile: agent.key, keyText: PEMText("hunter2")))
        #expect("\(keys)" == "key: is given as a text and as the file \(agent.key), expected one of the two")
    }

    @Test func `what is wrong with a text is told by its name, without its content`() throws {
        let agent = certificates.agent()
        let other = certificates.agent("other")
        let good = try text(agent.certificate)
        let damaged = PEMText("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
        let cases: [(TLSContextConfiguration, String, String)] = [
            (
                TLSContextConfiguration(role: .client, certificateAuthorityText: PEMText("hunter2")),
                "the CA certificate given as text", "contains no certificate"
            ),
            (
                TLSContextConfiguration(role: .client, certificateText: good), "the certificate given as text",
                "only one of them is named"
            ),
            (
                TLSContextConfiguration(role: .client, certificateText: good, keyText: PEMText("hunter2")),
                "the key given as text", "contains no private key"
            ),
            (
                TLSContextConfiguration(role: .client, certificateText: good, keyText: damaged),
                "the key given as text", "the private key is damaged"
            ),
            (
                TLSContextConfiguration(role: .client, certificateText: good, keyText: try text(other.key)),
                "the key given as text", "the key is not the one the certificate the certificate given as text"
            ),
            (
                TLSContextConfiguration(
                    role: .client, certificateAuthorityText: PEMText(String(repeating: "hunter2", count: 1 << 20))),
                "the CA certificate given as text", "expected PEM of at most"
            ),
        ]
        for (configuration, culprit, sentence) in cases {
            let error = try error(configuration)
            #expect(error.culprit == culprit)
            #expect(error.message.contains(sentence), "\(error)")
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test func `no text is ever printed`() {
        let configuration = TLSContextConfiguration(
            role: .client, certificateText: PEMText("hunter2"), keyText: PEMText("hunter2"))
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(String(reflecting: configuration)) \(dumped)".contains("hunter2"))
    }

    @Test(
        arguments: [
            (.tls12, nil, .tls12, .tls12), (.tls12, .tls12, .tls12, nil), (.tls12, .tls12, .tls13, nil),
            (.tls13, .tls13, .tls12, .tls12),
        ] as [(TLSVersion, TLSVersion?, TLSVersion, TLSVersion?)])
    func `a maximum version holds on either side`(
        clientMinimum: TLSVersion, clientMaximum: TLSVersion?, serverMinimum: TLSVersion, serverMaximum: TLSVersion?
    ) throws {
        let pair = certificates.collector
        let client = try TLSContext(
            TLSContextConfiguration(
                role: .client, minimumVersion: clientMinimum, maximumVersion: clientMaximum,
                certificateAuthorityFile: certificates.authority))
        let server = try TLSContext(
            TLSContextConfiguration(
                role: .server, minimumVersion: serverMinimum, maximumVersion: serverMaximum,
                certificateFile: pair.certificate, keyFile: pair.key, requiresPeerCertificate: false))
        let sessions = try SessionPair(client: client, server: server)
        let highest = min(clientMaximum?.number ?? 0x304, serverMaximum?.number ?? 0x304)
        let lowest = max(clientMinimum.number, serverMinimum.number)
        sessions.shakeHands()
        if highest < lowest {
            #expect(sessions.clientInfo == nil)
            #expect(sessions.serverError != nil || sessions.clientError != nil)
        } else {
            #expect(sessions.clientInfo?.version == (highest == 0x303 ? "TLSv1.2" : "TLSv1.3"))
        }
    }
}
