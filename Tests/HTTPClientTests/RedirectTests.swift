import NIOCore
import Testing

@testable import HTTPClient

@Suite("Redirects")
struct RedirectTests {
    /// A target whose path `/N` redirects N times, and a resolver in which every name is what the test says.
    private func run(
        names: [String: [String]] = [:], _ script: @escaping TargetServer.Script,
        _ body: (TargetServer, ClientFixture) async throws -> Void
    ) async throws {
        let server = try await TargetServer.start(script)
        let resolver = HostResolver { host, port, _, eventLoop in
            eventLoop.submit { try (names[host] ?? [host]).map { try SocketAddress(ipAddress: $0, port: port) } }
        }
        let client = try await ClientFixture(settings: HTTPClientSettings(resolver: resolver))
        do {
            try await body(server, client)
        } catch {
            try await client.close()
            await server.stop()
            throw error
        }
        try await client.close()
        await server.stop()
    }

    @Test("a chain of ten is followed, over one connection when it stays on one origin; an eleventh is refused")
    func chain() async throws {
        try await run { request in
            let left = Int(request.path.dropFirst()) ?? 0
            if left == 0 { return request.answer(body: [0x61]) }
            let code = [301, 302, 303, 307, 308][left % 5]
            request.answer("\(code) Moved", headers: [("Location", "/\(left - 1)")], body: Array("moved".utf8))
        } _: { server, client in
            let body = try await client.get(server.url("/10")).body.bytes
            #expect(body == [0x61])
            #expect(server.requests == 11)
            #expect(server.connections == 1)
            let error = try await client.failure(server.url("/11"))
            #expect(error.code == .redirectRefused)
            #expect(error.message.contains("more than 10"))
        }
    }

    @Test("what a redirect sends beyond its end is not taken for the next answer")
    func unasked() async throws {
        try await run { request in
            guard request.path == "/a" else { return request.answer(body: [0x61]) }
            let redirect = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
            request.send(redirect + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        } _: { server, client in
            let body = try await client.get(server.url("/a")).body.bytes
            #expect(body == [0x61])
            #expect(server.connections == 2)
        }
    }

    @Test("a loop ends")
    func loop() async throws {
        try await run {
            $0.answer("302 Found", headers: [("Location", "/metrics")])
        } _: { server, client in
            let code = try await client.failure(server.url()).code
            #expect(code == .redirectRefused)
        }
    }

    @Test("without follow_redirects a redirect is an unexpected status")
    func notFollowed() async throws {
        try await run {
            $0.answer("302 Found", headers: [("Location", "/x")])
        } _: { server, client in
            let error = try await client.failure(server.url(), redirects: false)
            #expect(error.code == .unexpectedStatus)
            #expect(error.status == 302)
        }
    }

    @Test(
        "a redirect to where nobody scrapes is refused",
        arguments: [
            "http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/", "http://[fd00:ec2::254]/",
            "http://metadata.example/", "http://metadata.example./", "file:///etc/passwd", "gopher://x/",
            "http://user:pw@x/", "http://0.0.0.0/", "", "http://\u{0}/",
        ])
    func forbidden(location: String) async throws {
        let names = ["metadata.example": ["169.254.169.254"], "metadata.example.": ["100.100.100.200"]]
        try await run(names: names) {
            $0.answer("302 Found", headers: [("Location", location)])
        } _: { server, client in
            let error = try await client.failure(server.url(), timeout: .seconds(5))
            #expect([.redirectRefused, .malformedResponse].contains(error.code))
            #expect(server.requests == 1)
        }
    }

    @Test(
        "a configured name that resolves to a metadata address is not dialled, and of two answers only the good one is")
    func configuredName() async throws {
        try await run(names: ["evil": ["169.254.169.254"], "mixed": ["169.254.169.254", "127.0.0.1"]]) {
            $0.answer()
        } _: {
            server, client in
            let error = try await client.failure("http://evil:\(server.port)/")
            #expect(error.code == .connectionFailed)
            #expect(error.message.contains("metadata"))
            _ = try await client.get("http://mixed:\(server.port)/")
        }
    }

    @Test("credentials go to the configured origin only")
    func credentials() async throws {
        let other = try await TargetServer.start { request in
            request.answer(body: Array((request.header("authorization") ?? "none").utf8))
        }
        try await run { request in
            if request.path == "/same" {
                return request.answer(body: Array((request.header("authorization") ?? "none").utf8))
            }
            request.answer("302 Found", headers: [("Location", request.path == "/a" ? "/same" : other.url())])
        } _: { server, client in
            let headers = [("Authorization", "Bearer x")]
            let body = try await client.get(server.url("/a"), headers: headers).body.bytes
            #expect(body == Array("Bearer x".utf8))
            let bodyAgain = try await client.get(server.url("/b"), headers: headers).body.bytes
            #expect(bodyAgain == Array("none".utf8))
        }
        await other.stop()
    }

    @Test("a name that does not resolve says so")
    func unresolvable() async throws {
        let client = try await ClientFixture()
        let error = try await client.failure("http://no-such-host.invalid/", timeout: .seconds(30))
        #expect([.resolutionFailed, .timedOut].contains(error.code))
        #expect(error.message.contains("no-such-host.invalid"))
        try await client.close()
    }

    @Test("localhost and other spellings of loopback reach a target")
    func spellings() async throws {
        let server = try await TargetServer.start { $0.answer(body: [0x61]) }
        let client = try await ClientFixture()
        for host in ["localhost", "127.1", "0x7f000001"] {
            let body = try await client.get("http://\(host):\(server.port)/").body.bytes
            #expect(body == [0x61], "\(host)")
        }
        try await client.close()
        await server.stop()
    }
}
