import Foundation
import TestSupport
import Testing

@testable import TLS

/// What is wrong with files and settings is said before anything is dialled, with the file's name.
@Suite struct TLSContextTests {
    let certificates: TestCertificates
    /// A directory for the files of one test.
    let directory: TemporaryDirectory

    init() throws {
        certificates = try #require(TestCertificates.shared)
        directory = try TemporaryDirectory()
    }

    private func error(
        role: TLSContextConfiguration.Role = .client, certificate: String? = nil, key: String? = nil,
        authority: String? = nil
    ) throws -> TLSError {
        let configuration = TLSContextConfiguration(
            role: role, certificateFile: certificate, keyFile: key, certificateAuthorityFile: authority)
        let error = #expect(throws: TLSError.self) { _ = try TLSContext(configuration) }
        #expect(error?.code == .configuration)
        return try #require(error)
    }

    private func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = directory.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o644, 0o660, 0o777])
    func `a key that others have a right to is refused, with the command that cures it`(mode: Int) throws {
        let agent = certificates.agent()
        let text = try String(contentsOfFile: agent.key, encoding: .utf8)
        let key = try file("key.pem", text, mode: mode)
        let error = try error(certificate: agent.certificate, key: key)
        #expect(error.culprit == key)
        #expect(error.message.contains("0" + String(mode, radix: 8)))
        #expect(error.cure == "run `chmod 600 \(key)`")
    }

    @Test(arguments: [0o600, 0o400])
    func `a key that is its owner's alone is accepted`(mode: Int) throws {
        let agent = certificates.agent()
        let key = try file("key.pem", String(contentsOfFile: agent.key, encoding: .utf8), mode: mode)
        let context = try TLSContext(
            TLSContextConfiguration(role: .client, certificateFile: agent.certificate, keyFile: key))
        let own = try #require(context.ownCertificate)
        #expect(own.subject == "CN=agent")
        #expect(own.issuer.contains("CN=Culvert CA "))
        #expect(own.notAfter > own.notBefore)
        #expect(own.notAfterText.hasSuffix(" UTC"))
        #expect(own.publicKeyHash.count == 32)
        #expect(own.serial.count >= 32)
    }

    @Test func `a missing file, a directory and a pipe are named and never waited for`() throws {
        let agent = certificates.agent()
        let missing = try error(certificate: "/nowhere/agent.pem", key: agent.key)
        #expect(missing.description == "/nowhere/agent.pem: cannot be read: No such file or directory")
        #expect(try error(authority: directory.path).message.contains("not a regular file"))
        let pipe = directory.path + "/pipe"
        try CommandLineTool.output(of: "mkfifo", [pipe])
        #expect(try error(authority: pipe).message.contains("not a regular file"))
        #expect(try error(authority: "a\0b").message.contains("NUL"))
    }

    @Test func `a file of something else or of half a certificate is named`() throws {
        let agent = certificates.agent()
        let empty = try file("empty.pem", "")
        let text = try file("text.pem", "not a certificate")
        let certificate = try String(contentsOfFile: agent.certificate, encoding: .utf8)
        let half = try file("half.pem", String(certificate.prefix(certificate.count / 2)))
        let spoiled = try file("spoiled.pem", certificate.replacingOccurrences(of: "MII", with: "MIA"))
        for path in [empty, text] {
            #expect(try error(authority: path).message.contains("BEGIN CERTIFICATE"))
            #expect(try error(certificate: agent.certificate, key: path).message.contains("BEGIN PRIVATE KEY"))
        }
        for path in [half, spoiled] {
            let error = try error(certificate: path, key: agent.key)
            #expect(error.culprit == path)
            #expect(error.message.contains("damaged"))
        }
        #expect(try error(certificate: agent.key, key: agent.key).message.contains("no certificate"))
    }

    @Test func `an encrypted key is refused without asking at the terminal`() throws {
        let agent = certificates.agent()
        let locked = directory.path + "/locked.pem"
        try CommandLineTool.output(
            of: "openssl", ["pkey", "-in", agent.key, "-aes256", "-passout", "pass:secret", "-out", locked])
        try CommandLineTool.output(of: "chmod", ["600", locked])
        let error = try error(certificate: agent.certificate, key: locked)
        #expect(error.message.contains("encrypted"))
        #expect(error.culprit == locked)
    }

    @Test func `the key of another certificate is refused`() throws {
        let error = try error(certificate: certificates.agent().certificate, key: certificates.agent("other").key)
        #expect(error.culprit == certificates.agent("other").key)
        #expect(error.message.contains(certificates.agent().certificate))
    }

    @Test func `settings that make no sense together are refused`() throws {
        let agent = certificates.agent()
        #expect(try error(certificate: agent.certificate).message.contains("belong together"))
        #expect(try error(key: agent.key).culprit == agent.key)
        #expect(try error(role: .server, authority: certificates.authority).message.contains("needs a certificate"))
        let collector = certificates.collector
        let untrusting = try error(role: .server, certificate: collector.certificate, key: collector.key)
        #expect(untrusting.cure?.contains("client_ca_file") == true)
        for protocols in [[""], [String(repeating: "x", count: 256)], Array(repeating: "protocol", count: 100)] {
            let configuration = TLSContextConfiguration(role: .client, applicationProtocols: protocols)
            #expect(throws: TLSError.self) { _ = try TLSContext(configuration) }
        }
        let upsideDown = TLSContextConfiguration(role: .client, minimumVersion: .tls13, maximumVersion: .tls12)
        #expect(throws: TLSError.self) { _ = try TLSContext(upsideDown) }
    }

    @Test func `several authorities in one file are all trusted`() throws {
        let second = try TestCertificates()
        let both = try file(
            "both.pem",
            String(contentsOfFile: second.authority, encoding: .utf8)
                + String(contentsOfFile: certificates.authority, encoding: .utf8))
        let contexts = try TunnelContexts()
        let pair = try SessionPair(
            client: contexts.client(second.agent(), authority: both), server: contexts.server(authority: both))
        pair.shakeHands()
        #expect(pair.clientInfo != nil && pair.serverInfo != nil)
    }

    @Test func `the start log line says what the system's OpenSSL does`() {
        let description = TLSContext.systemDescription()
        #expect(description.hasPrefix(TLSContext.libraryVersion))
        #expect(TLSContext.libraryVersion.hasPrefix("OpenSSL 3") || TLSContext.libraryVersion.hasPrefix("OpenSSL 4"))
        for word in ["groups ", "P-256", "security level ", "FIPS o"] { #expect(description.contains(word)) }
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
        (4_107_542_399, "2100-02-28 23:59:59 UTC"), (Int64.max, "9223372036854775807 s"),
    ])
    func `times read as people write them`(seconds: Int64, text: String) {
        #expect(UTCTime.text(seconds) == text)
    }
}
