import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import HTTPClient

/// A proxy that is played by the test: what it is asked, and what its odd answers become.
@Suite("Requests through a proxy")
struct ProxiedRequestTests {
    private static let resolver = HostResolver { host, port, _, eventLoop in
        eventLoop.submit {
            let names = ["proxy": "127.0.0.1", "direct": "127.0.0.1", "evil": "169.254.169.254"]
            return [try SocketAddress(ipAddress: names[host] ?? host, port: port)]
        }
    }

    /// A proxy, and a client that goes to it at `http://me:pw@127.0.0.1:PORT`.
    private func run(
        noProxy: String = "", headers: [ProxyHeader] = [], policy: AddressPolicy = AddressPolicy(),
        host: String = "127.0.0.1",
        _ script: @escaping TargetServer.Script, _ body: (TargetServer, ClientFixture) async throws -> Void
    ) async throws {
        let proxy = try await TargetServer.start(script)
        let rules = try ProxyRules(
            url: "http://me:pw@\(host):\(proxy.port)", noProxy: noProxy, connectHeaders: headers)
        let settings = HTTPClientSettings(resolver: Self.resolver, policy: policy, proxy: rules)
        let tls = try TestCertificates.shared?.client()
        let client = try await ClientFixture(settings: settings, tls: tls)
        do {
            try await body(proxy, client)
        } catch {
            try await client.close()
            await proxy.stop()
            throw error
        }
        try await client.close()
        await proxy.stop()
    }

    @Test func `an http target is asked for with its whole URL, over one connection for all of them`() async throws {
        try await run(headers: [try ProxyHeader(name: "X-Connect", value: "only")]) { request in
            let line = request.head.split(separator: "\r\n").first ?? ""
            let parts = [
                String(line), request.header("host") ?? "", request.header("proxy-authorization") ?? "",
                request.header("accept") ?? "", request.header("x-connect") ?? "none",
            ]
            request.answer(body: Array(parts.joined(separator: "|").utf8))
        } _: { proxy, client in
            let first = try await client.get("http://node.example:9100/metrics?a=b", headers: [("Accept", "x")]).text
            #expect(
                first == "GET http://node.example:9100/metrics?a=b HTTP/1.1|node.example:9100|Basic bWU6cHc=|x|none")
            let second = try await client.get("http://other.example/").text
            #expect(second == "GET http://other.example/ HTTP/1.1|other.example|Basic bWU6cHc=||none")
            let third = try await client.get("http://[fd00::1]:80/").text
            #expect(third.hasPrefix("GET http://[fd00::1]:80/ HTTP/1.1|[fd00::1]:80|"))
            #expect(proxy.connections == 1)
            #expect(proxy.requests == 3)
        }
    }

    @Test func `a redirect chooses the proxy anew, and the proxy's password stays with the proxy`() async throws {
        let direct = try await TargetServer.start { request in
            request.answer(body: Array("\(request.path) \(request.header("proxy-authorization") ?? "none")".utf8))
        }
        try await run(noProxy: "direct") { request in
            let isFirst = request.path.hasSuffix("/a")
            let next = isFirst ? "http://direct:\(direct.port)/b" : "/"
            request.answer("302 Found", headers: [("Location", next)])
        } _: { proxy, client in
            let error = try await client.failure("http://node.example/a")
            // From a name to what turns out to be loopback, without a proxy that would hide it.
            #expect(error.code == .redirectRefused)
            #expect(direct.requests == 0)
            let text = try await client.get("http://direct:\(direct.port)/b").text
            #expect(text == "/b none")
            #expect(proxy.requests == 1)
        }
        let proxy = try await TargetServer.start { $0.answer(body: Array($0.path.utf8)) }
        let start = try await TargetServer.start {
            $0.answer("302 Found", headers: [("Location", "http://node.example/x")])
        }
        let rules = try ProxyRules(url: "http://127.0.0.1:\(proxy.port)", noProxy: "direct")
        let client = try await ClientFixture(settings: HTTPClientSettings(resolver: Self.resolver, proxy: rules))
        let text = try await client.get("http://direct:\(start.port)/").text
        #expect(text == "http://node.example/x")
        #expect(proxy.requests == 1)
        try await client.close()
        for server in [direct, proxy, start] { await server.stop() }
    }

    @Test(
        "no proxy is asked for a metadata address, by no spelling and by no redirect",
        arguments: [
            "http://169.254.169.254/", "http://[::ffff:169.254.169.254]/", "https://169.254.169.254/",
            "http://2852039166/", "http://0xa9fea9fe/", "http://169.254.169.254./", "http://[fd00:ec2::254]/",
            "http://metadata.google.internal/", "http://metadata.google.internal./", "http://0.0.0.0/",
        ])
    func metadata(url: String) async throws {
        try await run {
            $0.answer("302 Found", headers: [("Location", url)])
        } _: { proxy, client in
            let first = try await client.failure(url)
            #expect(first.code == .connectionFailed)
            #expect(first.message.contains("must not be dialled"))
            #expect(proxy.connections == 0)
            // The connection to the proxy is there already; it must not help.
            let second = try await client.failure("http://node.example/")
            #expect(second.code == .redirectRefused)
            #expect(proxy.requests == 1)
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:1/", "http://127.1/", "http://localhost/", "http://[::1]/", "http://x.localhost/",
    ])
    func `no redirect leads the proxy to its own loopback`(location: String) async throws {
        try await run { request in
            if request.path.hasSuffix("/start") {
                return request.answer("302 Found", headers: [("Location", location)])
            }
            request.answer(body: Array(request.path.utf8))
        } _: { proxy, client in
            let error = try await client.failure("http://node.example/start")
            #expect(error.code == .redirectRefused)
            #expect(proxy.requests == 1)
            // Asked for by the configuration it is fetched, as in Prometheus.
            let text = try await client.get(location).text
            #expect(text == location)
        }
    }

    @Test func `a proxy on a metadata address is not dialled, one that is written down may be link-local`() async throws
    {
        for (url, message) in [
            (
                "http://169.254.169.254:80",
                "proxy 169.254.169.254 must not be dialled: it is a cloud's metadata address"
            ),
            ("http://evil:80", "proxy evil must not be dialled: it is a cloud's metadata address"),
        ] {
            let settings = HTTPClientSettings(resolver: Self.resolver, proxy: try ProxyRules(url: url))
            let client = try await ClientFixture(settings: settings)
            let error = try await client.failure("http://node.example/")
            #expect(error.code == .connectionFailed)
            #expect(error.message == message)
            try await client.close()
        }
        let address = try SocketAddress(ipAddress: "169.254.7.7", port: 3128)
        #expect(AddressPolicy().refusal(of: address, origin: .proxy(isLiteral: true)) == nil)
        #expect(AddressPolicy().refusal(of: address, origin: .proxy(isLiteral: false)) == "it is link-local")
    }

    @Test func `the operator's list holds for targets and proxies, but not for a proxy that is written down`()
        async throws
    {
        let list = AddressPolicy(allowed: [try AddressRule(cidr: "10.0.0.0/8", ports: [9100...9100], schemes: [.http])])
        let answer: TargetServer.Script = { $0.answer(body: Array("proxied".utf8)) }
        try await run(policy: list, answer) { proxy, client in
            for url in ["http://10.1.2.3:9100/", "http://node.example:9100/"] {
                let text = try await client.get(url).text
                #expect(text == "proxied")
            }
            for (url, reason) in [
                ("http://10.1.2.3/", "policy.allow does not list 10.1.2.3 port 80 for http"),
                ("http://11.1.2.3:9100/", "policy.allow does not list 11.1.2.3 port 9100 for http"),
                ("https://node.example:9100/", "policy.allow does not list port 9100 for https"),
            ] {
                let error = try await client.failure(url)
                #expect(error.code == .connectionFailed)
                #expect(error.message.hasSuffix(reason), "\(error)")
            }
        }
        try await run(policy: list, host: "proxy", answer) { proxy, client in
            let error = try await client.failure("http://10.1.2.3:9100/")
            #expect(
                error.message.hasPrefix("proxy proxy must not be dialled: policy.allow does not list 127.0.0.1 port"))
            #expect(proxy.connections == 0)
        }
    }

    @Test(
        "a proxy that does not connect says why, without its password",
        arguments: [
            (
                "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nhello",
                "answered 407 Proxy Authentication Required"
            ),
            ("HTTP/1.0 403 Filtered\r\n\r\n", "answered 403 Filtered to CONNECT node.example:443"),
            ("HTTP/1.1 502\r\n\r\n", "answered 502 to CONNECT"),
            ("HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "answered 302 Found to CONNECT"),
            ("HTTP/1.1 403 \u{1b}[31mred\r\n\r\n", "answered 403 ?[31mred"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "sent no valid HTTP answer: it does not begin with HTTP/1.1 to CONNECT"),
            ("HTTP/1.1 200 OK\r\nno field\r\n\r\n", "sent no valid HTTP answer: a line that is no field to CONNECT"),
            ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000), "more than 64 KiB"),
        ])
    func refused(answer: String, sentence: String) async throws {
        let seen = Mutex("")
        let headers = [
            try ProxyHeader(name: "X-One", value: "1"), try ProxyHeader(name: "X-One", value: "2"),
            try ProxyHeader(name: "Proxy-Authorization", value: "ours"),
        ]
        try await run(headers: headers) { request in
            seen.withLock { $0 = request.head }
            request.send(answer)
        } _: { proxy, client in
            let error = try await client.failure(
                "https://node.example/metrics", headers: [("Authorization", "Bearer t")])
            #expect(error.code == .connectionFailed)
            #expect(error.message.contains(sentence), "\(error)")
            #expect(error.message.hasPrefix("proxy http://127.0.0.1:\(proxy.port) "))
            let expected = [
                "CONNECT node.example:443 HTTP/1.1", "Host: node.example:443", "Proxy-Authorization: Basic bWU6cHc=",
                "X-One: 1", "X-One: 2",
            ]
            #expect(seen.withLock { $0 } == expected.joined(separator: "\r\n"))
            #expect(proxy.connections == 1)
        }
    }

    @Test func `what follows a good answer to CONNECT is taken for the target's`() async throws {
        try await run { request in
            let interim = "HTTP/1.1 100 Continue\r\n\r\n"
            request.send(
                interim + "HTTP/1.1 200 Connection established\r\nContent-Length: 0\r\n\r\nno TLS at all, is it?")
        } _: { _, client in
            let error = try await client.failure("https://node.example/")
            #expect(error.code == .tlsFailed)
        }
    }

    @Test func `a proxy that hangs up, is silent or is not there is told`() async throws {
        try await run {
            $0.close()
        } _: { _, client in
            let error = try await client.failure("https://node.example/")
            #expect(error.code == .connectionFailed)
            #expect(error.message.hasSuffix("closed the connection without answering CONNECT"))
        }
        try await run { _ in
        } _: { proxy, client in
            let name = "proxy http://127.0.0.1:\(proxy.port)"
            let error = try await client.failure("https://[fd00::1%25eth0]:8443/", timeout: .milliseconds(300))
            #expect(error.code == .timedOut)
            #expect(error.message == "timed out waiting for \(name) to connect to [fd00::1]:8443")
            let plain = try await client.failure("http://node.example/", timeout: .milliseconds(300))
            #expect(plain.message == "timed out waiting for the answer")
            await proxy.stop()
            let gone = try await client.failure("https://node.example/")
            #expect(gone.code == .connectionFailed)
            #expect(gone.message == "\(name): connection refused")
        }
    }

    @Test func `the answers of a proxy are told from the target's`() async throws {
        try await run { request in
            switch request.path {
            case "http://a/407": request.answer("407 Proxy Authentication Required")
            case "http://a/502": request.answer("502 Bad Gateway")
            default: request.close()
            }
        } _: { _, client in
            let login = try await client.failure("http://a/407")
            #expect(login.message == "proxy answered 407 Proxy Authentication Required")
            #expect(login.status == 407)
            let gateway = try await client.failure("http://a/502")
            #expect(gateway.message == "target, through a proxy, answered 502 Bad Gateway")
            let closed = try await client.failure("http://a/close")
            #expect(closed.message == "proxy closed the connection waiting for the answer")
        }
    }

    @Test func `new rules count from the next request on`() async throws {
        let target = try await TargetServer.start { $0.answer(body: Array("direct".utf8)) }
        try await run {
            $0.answer(body: Array("proxied".utf8))
        } _: { _, client in
            #expect(try await client.get("http://127.0.0.1:\(target.port)/").text == "proxied")
            try await client.replaceSettings(HTTPClientSettings(resolver: Self.resolver))
            #expect(try await client.get("http://127.0.0.1:\(target.port)/").text == "direct")
        }
        await target.stop()
    }
}
