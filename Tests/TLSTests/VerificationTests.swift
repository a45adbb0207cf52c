import TestSupport
import Testing

@testable import TLS

/// Who is refused, what each end learns of it, and that both learn the true reason.
@Suite struct VerificationTests {
    let contexts: TunnelContexts

    init() throws { contexts = try TunnelContexts() }

    /// A pair in which the server refuses the client's certificate.
    private func refused(_ agent: TestCertificates.Pair) throws -> (server: TLSError, client: TLSError) {
        let pair = try SessionPair(client: contexts.client(agent), server: contexts.server())
        pair.shakeHands()
        #expect(pair.clientFinishedFirst, "the client believes to be connected before it is judged")
        #expect(pair.serverInfo == nil)
        return (try #require(pair.serverError), try #require(pair.clientError))
    }

    @Test func `a client without certificate is refused, and told so at its first read`() throws {
        let pair = try SessionPair(client: contexts.client(anonymous: true), server: contexts.server())
        pair.shakeHands()
        #expect(pair.clientFinishedFirst)
        #expect(pair.serverError?.code == .noClientCertificate)
        #expect(pair.clientError?.code == .alert(116))
        #expect(pair.clientError?.cure?.contains("cert_file") == true)
        #expect(pair.clientError?.culprit == "localhost")
    }

    @Test func `a client of another authority is refused, and the log can name that authority`() throws {
        let stranger = try TestCertificates()
        let (server, client) = try refused(stranger.agent())
        #expect(server.code == .unknownAuthority)
        #expect(server.message.contains("Culvert CA "))
        #expect(server.culprit == "CN=agent")
        #expect(client.code == .alert(48))
        #expect(client.description.contains("client_ca_file"))
    }

    @Test func `an expired client is refused with the date`() throws {
        let (server, client) = try refused(contexts.certificates.expiredAgent())
        #expect(server.code == .expired)
        #expect(server.message.contains("expired at 20"))
        #expect(server.message.contains("the clock here says 20"))
        #expect(client.code == .alert(45))
        #expect(client.description.contains("valid from 20"), "\(client)")
    }

    @Test func `a client from the future is refused, and told that it is about clocks`() throws {
        let (server, client) = try refused(contexts.certificates.futureAgent())
        #expect(server.code == .notYetValid)
        #expect(client.code == .alert(42))
        #expect(client.cure?.contains("clocks") == true)
    }

    @Test func `a server's certificate does not make a client`() throws {
        let (server, client) = try refused(contexts.certificates.agentForServers())
        #expect(server.code == .wrongPurpose)
        #expect(server.cure?.contains("clientAuth") == true)
        #expect(client.code == .alert(43))
        #expect(client.cure?.contains("clientAuth") == true)
    }

    @Test func `a client's certificate does not make a server`() throws {
        let impostor = try contexts.certificates.leaf(names: "DNS:localhost", purpose: .client)
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(impostor))
        pair.shakeHands()
        #expect(pair.clientError?.code == .wrongPurpose)
        #expect(pair.serverError?.code == .alert(43))
    }

    @Test func `a server with another name is refused, and the error lists its names`() throws {
        let pair = try SessionPair(
            client: contexts.client(), server: contexts.server(), serverName: "collector.example.com")
        pair.shakeHands()
        let error = try #require(pair.clientError)
        #expect(error.code == .nameMismatch)
        #expect(error.culprit == "collector.example.com")
        #expect(error.message.contains("localhost, 127.0.0.1, ::1"))
        #expect(pair.serverError?.code == .alert(42))
        #expect(pair.serverError?.message.contains("name the host") == true)
    }

    @Test(arguments: ["127.0.0.1", "::1", "localhost", "localhost.", "LOCALHOST"])
    func `the collector is accepted under each of its names and addresses`(name: String) throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(), serverName: name)
        pair.shakeHands()
        #expect(pair.clientInfo != nil && pair.serverInfo != nil, "\(String(describing: pair.clientError))")
    }

    @Test(arguments: ["127.0.0.2", "::2", "127.0.0.1.example", "localhost.localhost"])
    func `the collector is refused under every other name or address`(name: String) throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(), serverName: name)
        pair.shakeHands()
        #expect(pair.clientError?.code == .nameMismatch)
    }

    @Test func `an address written as a DNS name does not pass for the address`() throws {
        let collector = try contexts.certificates.collector(names: "DNS:127.0.0.1")
        let pair = try SessionPair(
            client: contexts.client(), server: contexts.server(collector), serverName: "127.0.0.1")
        pair.shakeHands()
        #expect(pair.clientError?.code == .nameMismatch)
    }

    @Test(arguments: [".localhost", "a b", "a\0b", "a/b", String(repeating: "a", count: 300)])
    func `a name that is none is refused before anything is sent`(name: String) throws {
        let client = try contexts.client()
        let error = #expect(throws: TLSError.self) { _ = try TLSSession(context: client, serverName: name) }
        #expect(error?.code == .configuration)
    }

    @Test func `a client that must verify and does not know whom is refused`() throws {
        let client = try contexts.client()
        let error = #expect(throws: TLSError.self) { _ = try TLSSession(context: client, serverName: nil) }
        #expect(error?.code == .configuration)
    }

    @Test func `a server of another authority is refused, and the error names the issuer seen`() throws {
        let stranger = try TestCertificates()
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(stranger.collector))
        pair.shakeHands()
        let error = try #require(pair.clientError)
        #expect(error.code == .unknownAuthority)
        #expect(error.message.contains("Culvert CA "))
        #expect(error.cure?.contains("proxy") == true)
        #expect(pair.serverError?.code == .alert(48))
        #expect(pair.serverError?.message.contains("CN=Culvert CA") == true, "our own issuer is named")
    }

    @Test func `an expired server is refused with the date`() throws {
        let collector = try contexts.certificates.collector(names: "DNS:localhost", from: -86_400, to: -60)
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(collector))
        pair.shakeHands()
        #expect(pair.clientError?.code == .expired)
        #expect(pair.serverError?.code == .alert(45))
    }

    @Test func `TLS 1.2 does not get into the tunnel`() throws {
        let pair = try SessionPair(
            client: contexts.client(minimum: .tls12, maximum: .tls12), server: contexts.server())
        pair.shakeHands()
        #expect(pair.serverError?.code == .protocolVersion)
        #expect(pair.serverError?.message.contains("TLS 1.3 or newer") == true)
        #expect(pair.clientError?.code == .alert(70))
    }

    @Test func `a server of TLS 1.2 only is no collector`() throws {
        let pair = try SessionPair(
            client: contexts.client(), server: contexts.server(minimum: .tls12, maximum: .tls12))
        pair.shakeHands()
        #expect(pair.clientError != nil)
        #expect(pair.serverError?.code == .protocolVersion)
    }

    @Test func `targets may speak TLS 1.2`() throws {
        let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        let certificate = try contexts.certificates.leaf(names: "DNS:localhost", purpose: .server, key: rsa)
        let target = try contexts.server(
            certificate, minimum: .tls12, maximum: .tls12, requiresPeerCertificate: false, protocols: [])
        let pair = try SessionPair(
            client: contexts.client(anonymous: true, minimum: .tls12, protocols: []), server: target)
        pair.shakeHands()
        #expect(pair.clientInfo?.version == "TLSv1.2")
        #expect(pair.clientInfo?.applicationProtocol == nil)
        #expect(pair.serverInfo?.peer == nil)
    }

    @Test func `a client that offers no application protocol is refused`() throws {
        let pair = try SessionPair(client: contexts.client(protocols: []), server: contexts.server())
        pair.shakeHands()
        #expect(pair.serverError?.code == .noApplicationProtocol)
        #expect(pair.serverError?.message.contains("culvert/1") == true)
    }

    @Test func `a server that agrees to no application protocol is refused`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server(protocols: []))
        pair.shakeHands()
        #expect(pair.clientError?.code == .noApplicationProtocol)
        #expect(pair.clientError?.culprit == "localhost")
    }

    @Test func `two ends with different application protocols both say so`() throws {
        let pair = try SessionPair(client: contexts.client(protocols: ["h2", "http/1.1"]), server: contexts.server())
        pair.shakeHands()
        #expect(pair.serverError?.code == .noApplicationProtocol)
        #expect(pair.clientError?.code == .alert(120))
    }

    @Test func `two ends with several application protocols take the server's first`() throws {
        let pair = try SessionPair(
            client: contexts.client(protocols: ["http/1.1", "culvert/1", "culvert/2"]),
            server: contexts.server(protocols: ["culvert/2", "culvert/1"]))
        pair.shakeHands()
        #expect(pair.clientInfo?.applicationProtocol == "culvert/2")
        #expect(pair.serverInfo?.applicationProtocol == "culvert/2")
    }
}
