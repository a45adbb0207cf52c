import TestSupport
import Testing

@testable import HTTPClient

@Suite("HTTP URLs")
struct HTTPURLTests {
    @Test(
        "a URL comes apart as a request needs it",
        arguments: [
            ("http://node:9100/metrics", "node", 9100, "/metrics", "node:9100"),
            ("http://node/metrics?a=b&c", "node", 80, "/metrics?a=b&c", "node"),
            ("HTTPS://Node.Example", "node.example", 443, "/", "node.example"),
            ("http://[::1]:8080/x", "::1", 8080, "/x", "[::1]:8080"),
            ("http://[fe80::1%25eth0]/x", "fe80::1%eth0", 80, "/x", "[fe80::1]"),
            ("http://10.0.0.1:80/", "10.0.0.1", 80, "/", "10.0.0.1:80"),
            ("http://a?x=1#frag", "a", 80, "/?x=1", "a"),
            ("http://a/b c/\u{e9}", "a", 80, "/b%20c/%C3%A9", "a"),
            ("http://a:/b", "a", 80, "/b", "a"),
        ])
    func parts(text: String, host: String, port: Int, target: String, hostHeader: String) throws {
        let url = try HTTPURL(parsing: text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(url.hostHeader == hostHeader)
    }

    @Test(
        "what is no http URL is refused with a sentence and without its secrets",
        arguments: [
            "", "node:9100", "ftp://a/", "file:///etc/passwd", "http:/a", "http://", "http://:80/", "http://a:0/",
            "http://a:65536/", "http://a:8x/", "http://::1/", "http://[::1/", "http://[::1]x/", "http://[zz]/",
            "http://user:hunter2@a/", "http://a b/", "http://\u{fc}ber/", "http://a/\r\nX: y", "http://a/\u{0}",
            "http://a%2eb/", "http://[::1%25e/th]/",
        ])
    func refused(text: String) {
        #expect {
            try HTTPURL(parsing: text)
        } throws: { error in
            guard let error = error as? HTTPClientError else { return false }
            return error.code == .invalidRequest && !error.message.isEmpty && !error.message.contains("hunter2")
        }
    }

    @Test(
        "a Location is resolved against the URL it came from",
        arguments: [
            ("http://b:1/x", "http://b:1", "/x"), ("//b/x", "http://b", "/x"), ("/x?y", "http://a:9", "/x?y"),
            ("x", "http://a:9", "/m/x"), ("../x", "http://a:9", "/x"), ("./", "http://a:9", "/m/"),
            ("?q=2", "http://a:9", "/m/p?q=2"), ("#f", "http://a:9", "/m/p?q=1"), ("/../../x", "http://a:9", "/x"),
            ("https://a/", "https://a", "/"), ("x?a=/../b", "http://a:9", "/m/x?a=/../b"), ("..", "http://a:9", "/"),
        ])
    func location(location: String, origin: String, target: String) throws {
        let url = try HTTPURL(parsing: "http://a:9/m/p?q=1").resolving(location: location)
        #expect(url.description == origin)
        #expect(url.target == target)
    }

    @Test("random bytes in a Location never trap", arguments: [UInt64(1), 2, 3])
    func randomLocations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let base = try HTTPURL(parsing: "http://a:9/m/p?q=1")
        let alphabet = Array("/:.?#[]@%abc19 \u{0}\u{e9}".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            _ = try? base.resolving(location: String(decoding: bytes, as: UTF8.self))
            _ = try? HTTPURL(parsing: "http://" + String(decoding: bytes, as: UTF8.self))
        }
    }
}
