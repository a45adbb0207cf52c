import Testing

@testable import Settings

struct ClientTLSTests {
    private static let pem = "-----BEGIN CERTIFICATE-----\\nhunter2\\n-----END CERTIFICATE-----\\n"
    private static let key = "-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----\\n"

    @Test(
        arguments: [
            ("{}", .tls12, nil), ("{min_version: TLS13}", .tls13, nil), ("{max_version: TLS12}", .tls12, .tls12),
            ("{min_version: TLS12, max_version: TLS13}", .tls12, .tls13),
            ("{min_version: TLS13, max_version: TLS13}", .tls13, .tls13), ("{max_version: ~}", .tls12, nil),
        ] as [(String, ClientTLS.Version, ClientTLS.Version?)])
    func `versions are read`(text: String, minimum: ClientTLS.Version, maximum: ClientTLS.Version?) throws {
        let found = try section(text) { ClientTLS.read($0) }
        #expect(found.problems == [])
        #expect(found.value == ClientTLS(minVersion: minimum, maxVersion: maximum))
    }

    @Test func `authorities, certificate and key can be given as text, and mixed with files`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let text = "{ca: \"\(Self.pem)\", cert: \"\(Self.pem)\", key: \"\(Self.key)\"}"
        let inline = try section(text, in: directory) { ClientTLS.read($0) }
        #expect(inline.problems == [])
        let tls = try #require(inline.value)
        #expect(tls.ca?.hasPrefix("-----BEGIN CERTIFICATE-----\nhunter2\n") == true)
        #expect(tls.cert == tls.ca)
        #expect(tls.key?.value.hasPrefix("-----BEGIN PRIVATE KEY-----\n") == true)
        #expect(tls.caFile == nil && tls.certFile == nil && tls.keyFile == nil)
        #expect(!"\(tls.key ?? Secret(""))".contains("hunter2"))

        let mixed = try section("{cert: \"\(Self.pem)\", key_file: agent-key.pem}", in: directory) {
            ClientTLS.read($0)
        }
        #expect(mixed.problems == [])
        #expect(mixed.value?.keyFile == directory.path + "/agent-key.pem")
        let empty = try section("{ca: '', cert: '', key: '', cert_file: ''}", in: directory) { ClientTLS.read($0) }
        #expect(empty.problems == [])
        #expect(empty.value == ClientTLS())
    }

    @Test(
        arguments: [
            (
                "{min_version: TLS13, max_version: TLS12}",
                ["1:22: max_version: TLS12 is below min_version TLS13: expected at least the same"]
            ),
            ("{max_version: TLS11}", ["1:15: max_version: TLS11 is not supported by Culvert: expected TLS12 or TLS13"]),
            ("{max_version: '1.3'}", ["1:15: max_version: expected TLS12 or TLS13, found \"1.3\""]),
            ("{ca: \"\(pem)\", ca_file: ca.pem}", ["1:2: ca: ca_file is given too: expected one of the two"]),
            (
                "{cert: \"\(pem)\", cert_file: agent.pem, key: \"\(key)\"}",
                ["1:2: cert: cert_file is given too: expected one of the two"]
            ),
            (
                "{cert_file: agent.pem, key: \"\(key)\", key_file: agent-key.pem}",
                ["1:24: key: key_file is given too: expected one of the two"]
            ),
            ("{cert: \"\(pem)\"}", ["1:1: the section: key_file is missing: expected the private key of cert"]),
            ("{key: \"\(key)\"}", ["1:1: the section: cert_file is missing: expected the certificate of key"]),
            (
                "{key: hunter2, cert: hunter2}",
                [
                    "1:7: key: expected PEM with -----BEGIN PRIVATE KEY-----, found none in it",
                    "1:22: cert: expected PEM with -----BEGIN CERTIFICATE-----, found none in it",
                ]
            ),
            ("{ca: [a]}", ["1:6: ca: expected PEM text, found a list"]),
        ])
    func `a mistake is told without a secret`(text: String, problems: [String]) throws {
        let found = try section(text) { ClientTLS.read($0) }
        #expect(found.problems == problems)
        #expect(!found.problems.joined().contains("hunter2"))
    }
}
