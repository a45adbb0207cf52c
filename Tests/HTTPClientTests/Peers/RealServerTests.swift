import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

/// What nginx and haproxy do with connections, redirects and bodies.
@Suite("Targets behind real servers")
struct RealServerTests {
    @Test("connections are used again, as long as the server keeps them", .needs(.nginx))
    func keepAlive() async throws {
        let nginx = try await Nginx.start(ports: 3) { _, ports in
            """
            server { listen 127.0.0.1:\(ports[0]); return 200 "$connection $connection_requests"; }
            server { listen 127.0.0.1:\(ports[1]); location / { keepalive_requests 5; return 200 "$connection"; } }
            server { listen 127.0.0.1:\(ports[2]); location / { keepalive_timeout 0; return 200 "$connection"; } }
            """
        }
        for (index, expected) in [(0, 1), (1, 4), (2, 20)] {
            let client = try await ClientFixture()
            var seen: Set<String> = []
            for number in 1...20 {
                let words = try await client.get(nginx.url(port: index)).text.split(separator: " ")
                seen.insert(String(words[0]))
                if index == 0 { #expect(words[1] == "\(number)") }
            }
            #expect(seen.count == expected)
            #expect(try await client.connectionsMade() == UInt64(expected))
            try await client.close()
        }
    }

    @Test("an idle connection that the server has closed fails no request", .needs(.nginx))
    func closedIdle() async throws {
        let nginx = try await Nginx.start { _, ports in
            """
            server { listen 127.0.0.1:\(ports[0]); location / { keepalive_timeout 30ms; return 200 "$connection"; } }
            """
        }
        let client = try await ClientFixture()
        // Pauses around the timeout: now the client knows already, now it does not.
        for pause in 0..<30 {
            let text = try await client.get(nginx.url()).text
            #expect(!text.isEmpty)
            try await Task.sleep(for: .milliseconds(25 + pause % 10))
        }
        #expect(try await client.connectionsMade() > 1)
        try await client.close()
    }

    @Test("connections to haproxy are used again, and its own errors are told as such", .needs(.haproxy, .nginx))
    func haproxy() async throws {
        let certificates = try #require(TestCertificates.shared)
        let nginx = try await Nginx.start { _, ports in
            """
            server { listen 127.0.0.1:\(ports[0]); return 200 "fine"; }
            """
        }
        let front = try await Haproxy.start(mode: "http", to: nginx.ports[0], tls: certificates.collector)
        let client = try await ClientFixture(tls: try certificates.client())
        for _ in 0..<20 {
            let text = try await client.get("https://127.0.0.1:\(front.port)/").text
            #expect(text == "fine")
        }
        #expect(try await client.connectionsMade() == 1)
        nginx.process.end()
        let error = try await client.failure("https://127.0.0.1:\(front.port)/")
        #expect(error.code == .unexpectedStatus)
        #expect(error.message == "target answered 503 Service Unavailable")
        let plain = try await client.failure("http://127.0.0.1:\(front.port)/")
        #expect([.malformedResponse, .connectionLost, .unexpectedStatus].contains(plain.code))
        try await client.close()
    }

    @Test("nginx' redirects are followed within a connection and from http to https, never back", .needs(.nginx))
    func redirects() async throws {
        let certificates = try #require(TestCertificates.shared)
        let nginx = try await Nginx.start(ports: 2) { _, ports in
            """
            server {
                listen 127.0.0.1:\(ports[0]); absolute_redirect off;
                location = /301 { return 301 /302; }
                location = /302 { return 302 307?x=1; }
                location = /307 { return 307 //127.0.0.1:\(ports[0])/308; }
                location = /308 { return 308 http://127.0.0.1:\(ports[0])/end; }
                location = /end { return 200 "$connection_requests $http_authorization"; }
                location = /loop { return 303 /loop; }
                location = /up { return 301 https://127.0.0.1:\(ports[1])/end; }
                location = /metadata { return 301 http://169.254.169.254/latest/; }
                rewrite ^/dir$ /dir/ redirect;
                location = /dir/ { return 200 "dir"; }
            }
            server {
                listen 127.0.0.1:\(ports[1]) ssl; \(Nginx.tls(certificates.collector))
                location = /end { return 200 "secure $http_authorization"; }
                location = /down { return 302 http://127.0.0.1:\(ports[0])/end; }
            }
            """
        }
        let client = try await ClientFixture(tls: try certificates.client())
        let headers = [("Authorization", "Bearer t")]
        #expect(try await client.get(nginx.url("/301"), headers: headers).text == "5 Bearer t")
        #expect(try await client.get(nginx.url("/dir")).text == "dir")
        #expect(try await client.connectionsMade() == 1)
        // Another origin: without the credentials.
        #expect(try await client.get(nginx.url("/up"), headers: headers).text == "secure ")
        for (url, sentence) in [
            (nginx.url("/loop"), "more than 10 redirects"), (nginx.url("/metadata"), "metadata address"),
            (nginx.url("/down", port: 1, scheme: "https"), "redirect from https to http"),
        ] {
            let error = try await client.failure(url)
            #expect(error.code == .redirectRefused)
            #expect(error.message.contains(sentence), "\(error)")
        }
        try await client.close()
    }

    @Test("a body of nginx arrives as it is in the file, with gzip and without", .needs(.nginx))
    func bodies() async throws {
        let body = Data((0..<60_000).map { "metric_total{n=\"\($0)\"} \($0 * 7)\n" }.joined().utf8)
        let nginx = try await Nginx.start { directory, ports in
            try body.write(to: URL(fileURLWithPath: directory + "/metrics"))
            return """
                gzip on; gzip_types text/plain; gzip_min_length 1;
                server { listen 127.0.0.1:\(ports[0]); root \(directory); }
                """
        }
        let client = try await ClientFixture()
        for encoding in ["gzip", "identity"] {
            let answer = try await client.get(nginx.url("/metrics"), headers: [("Accept-Encoding", encoding)])
            #expect(answer.body.bytes == Array(body))
            #expect((answer.wireBytes < body.count / 3) == (encoding == "gzip"))
        }
        #expect(try await client.connectionsMade() == 1)
        let error = try await client.failure(nginx.url("/metrics"), limit: body.count)
        #expect(error.code == .bodyTooLarge)
        _ = try await client.get(nginx.url("/metrics"), limit: body.count + 1)
        try await client.close()
    }

    @Test(
        "a body that comes too slowly ends at the deadline, and the next request has a connection of its own",
        .needs(.nginx))
    func slow() async throws {
        let nginx = try await Nginx.start { directory, ports in
            try Data(repeating: 0x61, count: 1 << 20).write(to: URL(fileURLWithPath: directory + "/slow"))
            return """
                server {
                    listen 127.0.0.1:\(ports[0]); root \(directory);
                    location = /slow { limit_rate 1000; }
                    location = /fast { return 200 "fast"; }
                }
                """
        }
        let client = try await ClientFixture()
        let start = ContinuousClock.now
        let error = try await client.failure(nginx.url("/slow"), timeout: .seconds(2))
        #expect(error.code == .timedOut)
        #expect(
            error.message.hasPrefix("timed out after ") && error.message.hasSuffix(" bytes of the body"), "\(error)")
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(try await client.get(nginx.url("/fast")).text == "fast")
        #expect(try await client.connectionsMade() == 2)
        try await client.close()
    }

    @Test("a body that breaks off behind nginx or haproxy is no success", .needs(.nginx, .haproxy))
    func broken() async throws {
        let exporter = try await TargetServer.start { request in
            switch request.path {
            case "/length": request.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nmetric 1\n")
            case "/chunked": request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nmetric 1\n\r\n")
            case "/garbage":
                request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nmetric 1\n\r\nzz\r\n")
            default: break
            }
            request.close()
        }
        let nginx = try await Nginx.start { _, ports in
            """
            server {
                listen 127.0.0.1:\(ports[0]);
                proxy_http_version 1.1; proxy_buffering off;
                location / { proxy_pass http://127.0.0.1:\(exporter.port); }
            }
            """
        }
        let front = try await Haproxy.start(mode: "http", to: exporter.port)
        let client = try await ClientFixture()
        for port in [nginx.ports[0], front.port] {
            for path in ["/length", "/chunked", "/garbage"] {
                let error = try await client.failure("http://127.0.0.1:\(port)\(path)")
                // haproxy may find out before it has sent the head.
                let isExpected = error.code == .connectionLost || error.status == 502
                #expect(isExpected, "\(path) on \(port): \(error)")
            }
            let silent = try await client.failure("http://127.0.0.1:\(port)/nothing")
            #expect(silent.status == 502, "\(silent)")
        }
        try await client.close()
        await exporter.stop()
    }
}
