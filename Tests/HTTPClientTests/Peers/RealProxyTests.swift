import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

/// tinyproxy, and haproxy in front of it where the way to the proxy is TLS.
@Suite("Requests through a real proxy", .needs(.tinyproxy, .nginx, .haproxy))
struct RealProxyTests {
    private let certificates: TestCertificates

    init() throws {
        certificates = try #require(TestCertificates.shared)
    }

    /// A target that tells what it was asked, plain on its first port and with TLS on its second.
    private func target() async throws -> Nginx {
        let certificates = certificates
        return try await Nginx.start(ports: 2) { directory, ports in
            try Data(repeating: 0x61, count: 3_000_000).write(to: URL(fileURLWithPath: directory + "/large"))
            let answer = "$scheme $http_host $connection_requests $http_via $http_proxy_authorization$http_x_connect"
            let locations = """
                location = /large { root \(directory); }
                location = /three { keepalive_requests 3; return 200 "three"; }
                location = /redirect { return 302 http://localhost:\(ports[0])/asked; }
                location / { return 200 "\(answer)"; }
                """
            return """
                server { listen 127.0.0.1:\(ports[0]); \(locations) }
                server { listen 127.0.0.1:\(ports[1]) ssl; \(Nginx.tls(certificates.collector)) \(locations) }
                """
        }
    }

    private func client(_ rules: ProxyRules) async throws -> ClientFixture {
        try await ClientFixture(settings: HTTPClientSettings(proxy: rules), tls: try certificates.client())
    }

    @Test func `plain and secure targets are reached with a password, secure ones over one tunnel`() async throws {
        let target = try await target()
        let proxy = try await Tinyproxy.start(credentials: ("walter", "s3cr3t"))
        let client = try await client(
            try ProxyRules(
                url: "http://walter:s3cr3t@127.0.0.1:\(proxy.port)",
                connectHeaders: [try ProxyHeader(name: "X-Connect", value: "seen")]))
        for number in 1...3 {
            let text = try await client.get(target.url("/x", port: 1, scheme: "https")).text
            #expect(text == "https 127.0.0.1:\(target.ports[1]) \(number)  ")
        }
        let large = try await client.get(target.url("/large", port: 1, scheme: "https")).body.readableBytes
        #expect(large == 3_000_000)
        #expect(try await client.connectionsMade() == 1)
        // A tunnel lasts as long as the target wants it; the next one fails no request.
        for _ in 0..<8 { _ = try await client.get(target.url("/three", port: 1, scheme: "https")) }
        #expect(try await client.connectionsMade() == 4)
        let plain = try await client.get(target.url("/x")).text
        // The proxy has passed it on (Via), and kept its password to itself.
        #expect(plain.hasPrefix("http 127.0.0.1:\(target.ports[0]) 1 1.1 "), "\(plain)")
        #expect(!plain.contains("Basic") && !plain.contains("seen"))
        let plainLarge = try await client.get(target.url("/large")).body.readableBytes
        #expect(plainLarge == 3_000_000)
        try await client.close()
        #expect(proxy.process.output.contains("CONNECT 127.0.0.1:\(target.ports[1])"))
    }

    @Test func `a wrong password, a forbidden port and a dead target are told with the proxy's own words`() async throws
    {
        let target = try await target()
        let proxy = try await Tinyproxy.start(credentials: ("walter", "s3cr3t"), connectPort: target.ports[1])
        let name = "proxy http://127.0.0.1:\(proxy.port)"
        let stranger = try await client(try ProxyRules(url: "http://walter:wr0ng@127.0.0.1:\(proxy.port)"))
        let secure = target.url(port: 1, scheme: "https")
        let wrong = try await stranger.failure(secure)
        #expect(wrong.code == .connectionFailed)
        #expect([401, 407].contains(wrong.status))
        #expect(wrong.message.hasPrefix("\(name) answered \(wrong.status) "), "\(wrong)")
        #expect(!wrong.message.contains("wr0ng"))
        let plain = try await stranger.failure(target.url())
        #expect([401, 407].contains(plain.status), "\(plain)")
        try await stranger.close()

        let known = try await client(try ProxyRules(url: "http://walter:s3cr3t@127.0.0.1:\(proxy.port)"))
        let forbidden = try await known.failure("https://127.0.0.1:\(target.ports[0])/")
        #expect(forbidden.status == 403)
        #expect(forbidden.message.hasPrefix("\(name) answered 403 "), "\(forbidden)")
        _ = try await known.get(secure)
        target.process.end()
        let dead = try await known.failure(secure)
        #expect(dead.code == .connectionFailed)
        #expect([500, 502, 503, 504].contains(dead.status), "\(dead)")
        let deadPlain = try await known.failure(target.url())
        #expect(deadPlain.message.hasPrefix("target, through a proxy, answered 5"), "\(deadPlain)")
        try await known.close()
    }

    @Test func `the way to the proxy may be TLS itself`() async throws {
        let target = try await target()
        let proxy = try await Tinyproxy.start(credentials: ("walter", "s3cr3t"))
        let front = try await Haproxy.start(mode: "tcp", to: proxy.port, tls: certificates.collector)
        let rules = try ProxyRules(url: "https://walter:s3cr3t@127.0.0.1:\(front.port)")
        let client = try await client(rules)
        for number in 1...3 {
            let text = try await client.get(target.url("/x", port: 1, scheme: "https")).text
            #expect(text == "https 127.0.0.1:\(target.ports[1]) \(number)  ")
        }
        let large = try await client.get(target.url("/large", port: 1, scheme: "https")).body.readableBytes
        #expect(large == 3_000_000)
        #expect(try await client.connectionsMade() == 1)
        let plain = try await client.get(target.url("/large")).body.readableBytes
        #expect(plain == 3_000_000)
        try await client.close()

        // Whose certificate is not believed is said.
        let stranger = try await ClientFixture(
            settings: HTTPClientSettings(proxy: rules),
            tls: try TestCertificates(agents: []).client())
        for url in [target.url(), target.url(port: 1, scheme: "https")] {
            let error = try await stranger.failure(url)
            #expect(error.code == .tlsFailed)
            #expect(error.message.hasPrefix("proxy"), "\(error)")
        }
        try await stranger.close()
    }

    @Test func `the environment's proxies are used, and a redirect chooses anew`() async throws {
        let target = try await target()
        let proxy = try await Tinyproxy.start()
        // Through the proxy to the target's name in this network; the redirect leads to localhost, without it.
        let resolver = HostResolver { host, port, _, eventLoop in
            eventLoop.submit { [try SocketAddress(ipAddress: host == "localhost" ? "127.0.0.1" : host, port: port)] }
        }
        let rules = try ProxyRules(url: "http://127.0.0.1:\(proxy.port)", noProxy: "")
        let through = try await ClientFixture(settings: HTTPClientSettings(resolver: resolver, proxy: rules))
        let proxied = try await through.get(target.url("/redirect")).text
        #expect(proxied.hasPrefix("http localhost:\(target.ports[0]) 1 1.1 "), "\(proxied)")
        try await through.close()

        let found = try ProxyRules(environment: ["http_proxy": "127.0.0.1:\(proxy.port)", "no_proxy": "example.org"])
        let direct = try await ClientFixture(settings: HTTPClientSettings(resolver: resolver, proxy: found))
        // Loopback is never the environment's proxy's business.
        let text = try await direct.get(target.url("/redirect")).text
        #expect(text.hasPrefix("http localhost:\(target.ports[0]) "))
        #expect(!text.contains("1.1"))
        try await direct.close()
    }
}
