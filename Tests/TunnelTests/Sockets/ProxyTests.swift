import NIOCore
import NIOEmbedded
import TLS
import Testing

@testable import Tunnel

/// Dialling through an HTTP proxy.
@Suite(.timeLimit(.minutes(2))) struct ProxyTests {
    @Test func `the way through a proxy with a password leads to the collector`() async throws {
        let collector = try await CollectorSide.start()
        let port = collector.port
        let proxy = try await ConnectProxy.start(to: port, credentials: "user:pa:ss wörd")
        let agent = try AgentSide(
            host: "localhost", port: port,
            proxy: .init(host: "127.0.0.1", port: proxy.port, credentials: "user:pa:ss wörd"))
        agent.start()
        agent.grow(Array("through the wall".utf8))
        #expect(await eventually { collector.replica.bytes(of: 1) == Array("through the wall".utf8) })
        #expect(
            proxy.requests.first?.hasPrefix("CONNECT localhost:\(port) HTTP/1.1\r\nHost: localhost:\(port)\r\n") == true
        )
        #expect(agent.failures.isEmpty)
        agent.stop()
        await proxy.stop()
        await collector.stop()
    }

    @Test func `an answer in single bytes, with more headers, is understood`() async throws {
        let collector = try await CollectorSide.start()
        let proxy = try await ConnectProxy.start(
            to: collector.port, answer: "HTTP/1.0 200 Connection established\r\nVia: x\r\nX-A: b\r\n\r\n", isSlow: true)
        let agent = try AgentSide(
            port: collector.port, proxy: .init(host: "127.0.0.1", port: proxy.port, credentials: nil))
        agent.start()
        #expect(await eventually { agent.isWelcome })
        #expect(proxy.requests.first?.contains("Proxy-Authorization") == false)
        agent.stop()
        await proxy.stop()
        await collector.stop()
    }

    @Test(arguments: [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n<html>", "authentication",
            "password"
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "forbidden", "operator"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "status", "reach"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n", "malformed", "HTTP proxy"),
        ("HTTP/1.1\r\n\r\n", "malformed", "HTTP proxy"),
        ("HTTP/1.1 99999999999999999999 x\r\n\r\n", "malformed", "HTTP proxy"),
        ("\u{0}\u{1}\u{2}\r\n\r\n", "malformed", "HTTP proxy"),
        ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 9000))", "malformed", "HTTP proxy"),
        ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n", "malformed", "HTTP proxy"),
    ])
    func `a proxy that refuses is named, with what to do`(answer: String, reason: String, cure: String) async throws {
        let server = try await SilentServer.start { _, channel in
            channel.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        }
        let agent = try AgentSide(
            host: "collector.example", port: 9443,
            proxy: .init(host: "127.0.0.1", port: server.port, credentials: "user:secret"))
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        agent.stop()
        let failure = try #require(agent.failures.first)
        #expect(failure.stage == .proxy && failure.reason == reason, "\(failure)")
        #expect(failure.message.contains("127.0.0.1:\(server.port)"))
        #expect(failure.cure.contains(cure))
        // Neither the password nor what the proxy said.
        #expect(!failure.description.contains("secret") && !failure.description.contains("html"))
        await server.stop()
    }

    @Test func `a proxy that says nothing is given up`() async throws {
        var timers = TunnelTimers.quick
        timers.handshake = .milliseconds(200)
        let server = try await SilentServer.start()
        let agent = try AgentSide(
            port: 1, proxy: .init(host: "127.0.0.1", port: server.port, credentials: nil), timers: timers)
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        agent.stop()
        #expect(agent.failures.first?.stage == .proxy && agent.failures.first?.reason == "timeout")
        await server.stop()
    }

    @Test func `a proxy that closes is named`() async throws {
        let server = try await SilentServer.start { _, channel in channel.close(promise: nil) }
        let agent = try AgentSide(port: 1, proxy: .init(host: "127.0.0.1", port: server.port, credentials: nil))
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        agent.stop()
        #expect(agent.failures.first?.stage == .proxy && agent.failures.first?.reason == "closed")
        await server.stop()
    }

    @Test func `a proxy that is not there is named, not the collector`() async throws {
        let server = try await SilentServer.start()
        let port = server.port
        await server.stop()
        let agent = try AgentSide(
            host: "collector.example", port: 1, proxy: .init(host: "127.0.0.1", port: port, credentials: nil))
        agent.start()
        #expect(await eventually { !agent.failures.isEmpty })
        agent.stop()
        #expect(agent.failures.first?.message.contains("127.0.0.1:\(port)") == true)
    }

    @Test func `bytes right behind the proxy's answer are the collector's`() throws {
        let channel = EmbeddedChannel()
        let rest = BytesRecorder()
        try channel.pipeline.syncOperations.addHandler(
            ProxyConnectHandler(
                proxy: .init(host: "proxy", port: 1, credentials: nil), target: "collector:1", limit: .seconds(1),
                next: rest))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        #expect(!rest.isThere)
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n\u{16}\u{3}\u{3} TLS"))
        #expect(rest.isThere)
        #expect(rest.text == "\u{16}\u{3}\u{3} TLS")
        try channel.writeInbound(ByteBuffer(string: " and more\r\n\r\n"))
        #expect(rest.text == "\u{16}\u{3}\u{3} TLS and more\r\n\r\n")
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("ÿþ", "w7/Dvg=="),
    ])
    func `credentials are written in base 64`(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
    }
}
