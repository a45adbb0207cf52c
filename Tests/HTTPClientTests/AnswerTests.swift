import NIOCore
import Synchronization
import Testing

@testable import HTTPClient

@Suite("Answers of targets")
struct AnswerTests {
    private func withTarget(
        _ script: @escaping TargetServer.Script, _ body: (TargetServer, ClientFixture) async throws -> Void
    ) async throws {
        let server = try await TargetServer.start(script)
        let client = try await ClientFixture()
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

    static let bodies: [[UInt8]] = [
        [], Array("a 1".utf8), Array("a 1\r\nb 2\r\n".utf8), [0xff, 0xfe, 0, 0x80, 10], Array("<html>\n".utf8),
        Array("x{y=\"".utf8) + [UInt8](repeating: 0x7a, count: 10 << 20) + Array("\"} 1\n".utf8),
    ]

    @Test(
        "bytes and Content-Type arrive as they were sent, with a length, chunked, or to the end",
        arguments: bodies.indices)
    func exact(index: Int) async throws {
        let body = Self.bodies[index]
        let type = "text/plain; version=0.0.4;charset=\"UTF-8\" ;odd"
        try await withTarget { request in
            switch request.path {
            case "/length": request.answer(headers: [("content-type", type)], body: body)
            case "/chunked":
                request.send("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n")
                for start in stride(from: 0, to: body.count, by: 1 << 20) {
                    let piece = body[start..<min(start + 1 << 20, body.count)]
                    request.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
                }
                request.send("0\r\n\r\n")
            case "/close":
                request.send(Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n".utf8) + body)
                request.close()
            default:
                request.send(Array("HTTP/1.0 200 OK\r\nContent-Type: \(type)\r\n\r\n".utf8) + body)
                request.close()
            }
        } _: { server, client in
            for path in ["/length", "/chunked", "/close", "/http10"] {
                let response = try await client.get(server.url(path))
                #expect(response.body.bytes == body, "\(path)")
                #expect(response.contentType == type)
                #expect(response.wireBytes == body.count)
            }
        }
    }

    @Test("a connection is kept for the next request, unless either side ends it")
    func keepAlive() async throws {
        try await withTarget { request in
            request.answer(headers: request.path == "/last" ? [("Connection", "close")] : [], body: [0x61])
        } _: { server, client in
            for _ in 0..<5 { _ = try await client.get(server.url()) }
            #expect(server.connections == 1)
            _ = try await client.get(server.url("/last"))
            #expect(server.connections == 1)
            _ = try await client.get(server.url())
            #expect(server.connections == 2)
        }
    }

    @Test("an idle connection that the target closes under the request costs nothing")
    func staleConnection() async throws {
        try await withTarget { request in
            // The first connection dies when its second request arrives, without a byte of an answer.
            if request.connection == 0, request.number == 1 { request.reset() } else { request.answer(body: [0x61]) }
        } _: { server, client in
            _ = try await client.get(server.url())
            let body = try await client.get(server.url()).body.bytes
            #expect(body == [0x61])
            #expect(server.connections == 2)
            #expect(server.requests == 3)
        }
    }

    @Test("a request is sent again once only, and not at all on a fresh connection")
    func noEndlessRetry() async throws {
        try await withTarget { request in
            if request.number == 0 { request.answer() } else { request.close() }
        } _: { server, client in
            _ = try await client.get(server.url())
            let code = try await client.failure(server.url()).code
            #expect(code == .connectionLost)
            #expect(server.requests == 3)
            let codeAgain = try await client.failure(server.url()).code
            #expect(codeAgain == .connectionLost)
            #expect(server.requests == 4)
        }
    }

    @Test("a request is not sent again once a byte of an answer has come")
    func noRetryAfterBytes() async throws {
        try await withTarget { request in
            if request.number == 0 {
                request.answer()
            } else {
                request.send("HT")
                request.close()
            }
        } _: { server, client in
            _ = try await client.get(server.url())
            let code = try await client.failure(server.url()).code
            #expect(code == .connectionLost)
            #expect(server.requests == 2)
        }
    }

    @Test("a target that speaks unasked loses its connection, not its scrape")
    func unasked() async throws {
        try await withTarget { request in
            // In one piece: what comes after the next request was sent is its answer for all that HTTP/1.1 can tell.
            let unasked = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
            request.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" + unasked)
        } _: { server, client in
            for _ in 0..<3 {
                let body = try await client.get(server.url()).body.bytes
                #expect(body == [0x61])
            }
        }
    }

    @Test(
        "any status but 200 fails the scrape and is named",
        arguments: ["500 Internal Server Error", "204 No Content", "404 Not Found"])
    func status(line: String) async throws {
        try await withTarget {
            $0.answer(line, body: Array("secret page".utf8))
        } _: { server, client in
            let error = try await client.failure(server.url())
            #expect(error.code == .unexpectedStatus)
            #expect("\(error.status)" == line.prefix(3))
            #expect(error.message == "target answered \(line)")
        }
    }

    @Test("a reason phrase cannot smuggle bytes into ours")
    func reasonPhrase() async throws {
        try await withTarget {
            $0.answer("500 caf\u{e9}\u{1b}[31m" + String(repeating: "x", count: 500))
        } _: {
            server, client in
            let error = try await client.failure(server.url())
            #expect(error.message.utf8.count <= 128)
            #expect(error.message.utf8.allSatisfy { (0x20...0x7e).contains($0) })
        }
    }

    @Test("interim answers are passed over")
    func interim() async throws {
        try await withTarget { request in
            request.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            request.answer(body: [0x61])
        } _: { server, client in
            let body = try await client.get(server.url()).body.bytes
            #expect(body == [0x61])
        }
    }

    @Test(
        "what is no HTTP is called so",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}P", "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        ])
    func malformed(answer: String) async throws {
        try await withTarget {
            $0.send(answer)
        } _: { server, client in
            let code = try await client.failure(server.url()).code
            #expect(code == .malformedResponse)
        }
    }

    @Test("headers without end are cut off", arguments: [false, true])
    func endlessHeaders(manyFields: Bool) async throws {
        try await withTarget { request in
            request.send("HTTP/1.1 200 OK\r\n")
            if manyFields {
                for index in 0..<200 { request.send("a\(index): b\r\n") }
            } else {
                request.send("a: " + String(repeating: "x", count: 100_000))
            }
        } _: { server, client in
            let code = try await client.failure(server.url(), timeout: .seconds(5)).code
            #expect(code == .malformedResponse)
        }
    }

    @Test("a body cut short is a lost connection, with a length, chunked, or reset to the end", arguments: 0..<4)
    func cutShort(variant: Int) async throws {
        try await withTarget { request in
            switch variant {
            case 0: request.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            case 1: request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
            case 2: request.send("HTTP/1.1 200 OK\r\nContent-Le")
            default: break
            }
            request.close()
        } _: { server, client in
            let code = try await client.failure(server.url()).code
            #expect(code == .connectionLost)
        }
    }

    @Test("a reset in a body of unknown length is a lost connection, not a short success")
    func resetMidBody() async throws {
        try await withTarget { request in
            request.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc")
            request.channel.eventLoop.scheduleTask(in: .milliseconds(50)) { request.reset() }
        } _: { server, client in
            let code = try await client.failure(server.url()).code
            #expect(code == .connectionLost)
        }
    }

    @Test("the deadline covers every stage and says which", arguments: 0..<3)
    func hangs(variant: Int) async throws {
        try await withTarget { request in
            switch variant {
            case 0: break
            case 1: request.send("HTTP/1.1 200 OK\r\nContent-Type: te")
            default: request.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            }
        } _: { server, client in
            let start = NIODeadline.now()
            let error = try await client.failure(server.url(), timeout: .milliseconds(1500))
            #expect(error.code == .timedOut)
            #expect(error.message.contains(variant == 2 ? "after 3 bytes of the body" : "waiting for the answer"))
            #expect(NIODeadline.now() - start >= .milliseconds(1490))
            // The hung connection is not used again.
            _ = try await client.failure(server.url(), timeout: .seconds(1))
            #expect(server.connections == 2)
        }
    }

    @Test("a target that is not there is a failed connection")
    func refused() async throws {
        let server = try await TargetServer.start { _ in }
        let url = server.url()
        await server.stop()
        let client = try await ClientFixture()
        let error = try await client.failure(url)
        #expect(error.code == .connectionFailed)
        #expect(error.message.contains("refused"))
        try await client.close()
    }

    @Test("a body at the limit fails, one byte below passes, whatever its framing")
    func limit() async throws {
        try await withTarget { request in
            let body = [UInt8](repeating: 0x61, count: 1000)
            if request.path == "/length" {
                request.answer(body: body)
            } else {
                request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n")
                request.send(body + Array("\r\n0\r\n\r\n".utf8))
            }
        } _: { server, client in
            for path in ["/length", "/chunked"] {
                let code = try await client.failure(server.url(path), limit: 1000).code
                #expect(code == .bodyTooLarge)
                let size = try await client.get(server.url(path), limit: 1001).body.readableBytes
                #expect(size == 1000)
            }
        }
    }

    @Test("a header that would break the request apart is refused before a byte is sent")
    func headerInjection() async throws {
        try await withTarget {
            $0.answer()
        } _: { server, client in
            let error = try await client.failure(server.url(), headers: [("X-A", "b\r\nEvil: hunter2")])
            #expect(error.code == .invalidRequest)
            #expect(!error.message.contains("hunter2"))
            #expect(server.connections == 0)
        }
    }

    @Test(
        "a header that would change where the request ends is refused",
        arguments: ["Content-Length", "transfer-encoding", "HOST"])
    func framingHeader(name: String) throws {
        let error = #expect(throws: HTTPClientError.self) {
            try HTTPRequest(try HTTPURL(parsing: "http://a/"), headers: [(name, "1")])
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains(name) == true)
    }

    @Test("the same request is the same bytes every time, host and headers in it")
    func sameBytes() async throws {
        let heads = Mutex<[String]>([])
        try await withTarget { request in
            heads.withLock { $0.append(request.head) }
            request.answer()
        } _: { server, client in
            for _ in 0..<3 {
                _ = try await client.get(server.url("/m?x=1"), headers: [("User-Agent", "u"), ("X-A", "")])
            }
            let expected = "GET /m?x=1 HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nUser-Agent: u\r\nX-A: "
            #expect(heads.withLock { $0 } == [expected, expected, expected])
        }
    }

    @Test("closing the client ends the request under way")
    func closing() async throws {
        try await withTarget { _ in
        } _: { server, client in
            async let failure = client.failure(server.url(), timeout: .seconds(20))
            while server.requests == 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await client.close()
            let code = try await failure.code
            #expect(code == .connectionLost)
        }
    }
}
