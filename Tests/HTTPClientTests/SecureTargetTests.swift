import NIOCore
import TLS
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Targets behind TLS")
struct SecureTargetTests {
    private let certificates: TestCertificates

    init() throws {
        certificates = try #require(TestCertificates.shared)
    }

    private func server(_ pair: TestCertificates.Pair? = nil, asksForCertificate: Bool = false) throws -> TLSContext {
        let pair = pair ?? certificates.collector
        var configuration = TLSContextConfiguration(role: .server)
        configuration.certificateFile = pair.certificate
        configuration.keyFile = pair.key
        configuration.requiresPeerCertificate = asksForCertificate
        if asksForCertificate { configuration.certificateAuthorityFile = certificates.authority }
        return try TLSContext(configuration)
    }

    private func trust(_ authority: String?, as pair: TestCertificates.Pair? = nil) throws -> TLSContext {
        var configuration = TLSContextConfiguration(role: .client)
        configuration.certificateAuthorityFile = authority
        configuration.certificateFile = pair?.certificate
        configuration.keyFile = pair?.key
        return try TLSContext(configuration)
    }

    @Test("an https target is verified by its address, and its bodies arrive whole whatever their framing")
    func address() async throws {
        let body = [UInt8](repeating: 0x61, count: 3_000_000)
        let target = try await TargetServer.start(tls: try server()) { request in
            if request.path == "/end" {
                request.send(Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8) + body)
                request.close()
            } else {
                request.answer(body: body)
            }
        }
        let client = try await ClientFixture(tls: try trust(certificates.authority))
        for path in ["/length", "/length", "/end"] {
            let received = try await client.get(target.url(path, scheme: "https")).body.bytes
            #expect(received == body)
        }
        #expect(target.connections == 1)
        try await client.close()
        await target.stop()
    }

    @Test("a target whose authority is unknown is refused, with a sentence")
    func unknownAuthority() async throws {
        let target = try await TargetServer.start(tls: try server()) { $0.answer() }
        let client = try await ClientFixture(tls: try trust(nil))
        let error = try await client.failure(target.url(scheme: "https"))
        #expect(error.code == .tlsFailed)
        #expect(!error.message.isEmpty)
        #expect(target.requests == 0)
        // New certificates help at once.
        try await client.replaceTLS(try trust(certificates.authority))
        _ = try await client.get(target.url(scheme: "https"))
        try await client.close()
        await target.stop()
    }

    @Test("another name is refused unless it is the one asked for")
    func names() async throws {
        let pair = try certificates.collector(names: "DNS:target.example")
        let target = try await TargetServer.start(tls: try server(pair)) { $0.answer() }
        let trusting = try trust(certificates.authority)
        let client = try await ClientFixture(tls: trusting)
        let error = try await client.failure(target.url(scheme: "https"))
        #expect(error.code == .tlsFailed)
        let named = try await ClientFixture(tls: trusting, serverName: "target.example")
        _ = try await named.get(target.url(scheme: "https"))
        try await client.close()
        try await named.close()
        await target.stop()
    }

    @Test("a target that wants a certificate gets the job's, and its refusal is a failure of TLS")
    func clientCertificate() async throws {
        let target = try await TargetServer.start(tls: try server(asksForCertificate: true)) { $0.answer() }
        let anonymous = try await ClientFixture(tls: try trust(certificates.authority))
        let error = try await anonymous.failure(target.url(scheme: "https"))
        #expect(error.code == .tlsFailed)
        let known = try await ClientFixture(tls: try trust(certificates.authority, as: certificates.agent()))
        _ = try await known.get(target.url(scheme: "https"))
        try await anonymous.close()
        try await known.close()
        await target.stop()
    }

    @Test("https to a plain port, and https without any trust, fail as TLS")
    func plainPort() async throws {
        let target = try await TargetServer.start { $0.answer() }
        let client = try await ClientFixture(tls: try trust(certificates.authority))
        let error = try await client.failure(target.url(scheme: "https"), timeout: .seconds(2))
        #expect([.tlsFailed, .timedOut].contains(error.code))
        let unarmed = try await ClientFixture()
        let other = try await unarmed.failure(target.url(scheme: "https"))
        #expect(other.code == .tlsFailed)
        try await client.close()
        try await unarmed.close()
        await target.stop()
    }

    @Test("a silent port ends the handshake at the deadline")
    func silence() async throws {
        let target = try await TargetServer.start { _ in }
        let client = try await ClientFixture(tls: try trust(certificates.authority))
        let error = try await client.failure(target.url(scheme: "https"), timeout: .milliseconds(500))
        #expect(error.code == .timedOut)
        #expect(error.message.contains("TLS handshake"))
        try await client.close()
        await target.stop()
    }

    @Test("a body that ends without TLS' farewell was cut, and is no success")
    func cut() async throws {
        let target = try await TargetServer.start(tls: try server()) { request in
            request.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmetric 1\n")
            request.cut()
        }
        let client = try await ClientFixture(tls: try trust(certificates.authority))
        let error = try await client.failure(target.url(scheme: "https"))
        #expect(error.code == .connectionLost)
        try await client.close()
        await target.stop()
    }

    @Test("no redirect leads from https to http, one to https is followed")
    func redirects() async throws {
        let plain = try await TargetServer.start { $0.answer(body: [0x61]) }
        let secure = try await TargetServer.start(tls: try server()) { request in
            if request.path == "/down" {
                request.answer("302 Found", headers: [("Location", plain.url())])
            } else {
                request.answer(body: [0x62])
            }
        }
        let upward = try await TargetServer.start {
            $0.answer("302 Found", headers: [("Location", secure.url(scheme: "https"))])
        }
        let client = try await ClientFixture(tls: try trust(certificates.authority))
        let error = try await client.failure(secure.url("/down", scheme: "https"))
        #expect(error.code == .redirectRefused)
        #expect(plain.requests == 0)
        let body = try await client.get(upward.url()).body.bytes
        #expect(body == [0x62])
        try await client.close()
        for server in [plain, secure, upward] { await server.stop() }
    }
}
