import TLS
import Testing

@testable import HTTPClient

@Suite("Which proxy serves which URL")
struct ProxyRulesTests {
    private func proxy(_ rules: ProxyRules, _ url: String) throws -> String? {
        rules.proxy(for: try HTTPURL(parsing: url))?.description
    }

    @Test func `without rules there is no proxy, and with one URL there is that one for everything`() throws {
        #expect(try proxy(ProxyRules(), "http://a/") == nil)
        let rules = try ProxyRules(url: "http://p:3128")
        for url in ["http://a/", "https://a/", "http://localhost/", "http://127.0.0.1/", "https://[::1]:1/"] {
            #expect(try proxy(rules, url) == "http://p:3128")
        }
    }

    /// What Go's httpproxy does with these, in the order list, URL, whether it goes to the proxy.
    @Test(
        arguments: [
            ("", "http://a/", true), ("", "http://localhost/", false), ("", "http://localhost.:1/", true),
            ("", "http://127.0.0.1/", false), ("", "http://127.9.9.9:80/", false), ("", "http://[::1]/", false),
            ("", "http://[::ffff:127.0.0.1]/", false), ("", "http://10.0.0.1/", true), ("*", "http://a/", false),
            ("a, *", "https://10.0.0.1/", false), ("example.com", "http://example.com/", false),
            ("example.com", "http://www.example.com/", false), ("example.com", "http://anexample.com/", true),
            ("example.com", "http://example.com.evil.org/", true), (".example.com", "http://example.com/", true),
            (".example.com", "http://a.b.example.com/", false), ("*.example.com", "http://example.com/", true),
            ("*.example.com", "http://a.example.com/", false), ("EXAMPLE.com", "http://Example.COM/", false),
            (" a ,, b ", "http://b/", false), ("example.com:80", "http://example.com/", false),
            ("example.com:80", "https://example.com/", true), ("example.com:443", "https://example.com/", false),
            ("example.com:8080", "http://a.example.com:8080/", false), ("a:", "http://a:99/", false),
            (":80", "http://a:80/", true), ("10.0.0.1", "http://10.0.0.1:99/", false),
            ("10.0.0.1:99", "http://10.0.0.1:99/", false), ("10.0.0.1:99", "http://10.0.0.1/", true),
            ("10.0.0.0/8", "http://10.9.8.7/", false), ("10.0.0.0/8", "http://11.0.0.1/", true),
            ("10.1.2.3/8", "http://10.9.8.7/", false), ("10.0.0.0/33", "http://10.0.0.0/", true),
            ("10.0.0.0/8", "http://ten.example/", true), ("fd00::/8", "http://[fd12::1]/", false),
            ("fd00::/8", "http://[fe12::1]/", true), ("[fd12::1]:80", "http://[fd12::1]/", false),
            ("[fd12::1]:80", "http://[fd12::1]:81/", true), ("fd12::1", "http://[fd12::1]:81/", false),
            ("::ffff:10.0.0.1", "http://10.0.0.1/", false), ("0.0.0.0/0", "http://[fd12::1]/", true),
            ("::/0", "http://10.0.0.1/", true), ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", false),
            // An address, whatever its zone looks like, is below no domain (CVE-2025-22870).
            (".example.com", "http://[fe80::1%25.example.com]/", true), ("1", "http://10.0.0.1/", true),
            ("http://a", "http://a/", true), ("/", "http://a/", true), (".", "http://a/", true),
        ])
    func `no_proxy means what it means in Go`(list: String, url: String, isProxied: Bool) throws {
        let environment = ["HTTP_PROXY": "http://p:1", "https_proxy": "http://p:1", "NO_PROXY": list]
        let found = try ProxyRules(environment: environment)
        #expect(try (proxy(found, url) != nil) == isProxied)
        // With a list, Prometheus treats proxy_url like the environment's.
        guard !list.isEmpty else { return }
        let given = try ProxyRules(url: "http://p:1", noProxy: list)
        #expect(try (proxy(given, url) != nil) == isProxied)
    }

    @Test func `the environment has a proxy for each scheme, in either case, upper case first`() throws {
        let rules = try ProxyRules(
            environment: [
                "HTTP_PROXY": "http://upper:1", "http_proxy": "http://lower:1", "HTTPS_PROXY": "",
                "https_proxy": "secure:2", "no_proxy": "b", "ALL_PROXY": "http://never:1",
            ])
        #expect(try proxy(rules, "http://a/") == "http://upper:1")
        #expect(try proxy(rules, "https://a/") == "http://secure:2")
        #expect(try proxy(rules, "https://b/") == nil)
        #expect(try proxy(ProxyRules(environment: [:]), "http://a/") == nil)
        #expect(try proxy(ProxyRules(environment: ["HTTP_PROXY": "http://p:1"]), "https://a/") == nil)
    }

    @Test(
        arguments: [
            ("http://p:3128", "http://p:3128", nil), ("HTTP://P", "http://p", nil),
            ("https://p/", "https://p", nil), ("http://[::1]:8080/x?y#z", "http://[::1]:8080", nil),
            ("http://me:pw@p:1", "http://p:1", "me:pw"),
            ("http://me%40home:p%3Aa:s%2Fs@p:1", "http://p:1", "me@home:p:a:s/s"),
            ("http://me@p", "http://p", "me:"), ("http://:pw@p", "http://p", ":pw"), ("http://@p", "http://p", nil),
        ] as [(String, String, String?)])
    func `a proxy's URL comes apart`(url: String, shown: String, credentials: String?) throws {
        let proxy = try Proxy(parsing: url)
        #expect(proxy.description == shown)
        #expect(proxy.authorization?.value == credentials.map { "Basic " + Base64.encode($0.utf8) })
        #expect(proxy.port == (proxy.description.hasSuffix("p") ? (proxy.scheme == .http ? 80 : 443) : proxy.port))
    }

    @Test(
        arguments: [
            "", "p:3128", "socks5://me:hunter2@p", "ftp://me:hunter2@p", "http://", "http://me:hunter2@",
            "http://me:hunter2@p:0", "http://me:hunter2@p:99999", "http://me:hunter2%@p", "http://m%3Ae:hunter2@p",
            "http://me:hunter2@[::1", "http://me:hunter2@a b", "http://me:hun/ter2@p",
        ])
    func `what is no proxy is refused without its password`(url: String) {
        let error = #expect(throws: HTTPClientError.self) { try Proxy(parsing: url) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.isEmpty == false)
        #expect(error?.message.contains("hun") == false)
        let found = #expect(throws: HTTPClientError.self) {
            try ProxyRules(environment: ["http_proxy": url.isEmpty ? "//" : "x://" + url])
        }
        #expect(found?.message.contains("http_proxy") == true)
    }

    @Test func `nothing secret is ever printed`() throws {
        let header = try ProxyHeader(name: "X-Token", value: "hunter2")
        let rules = try ProxyRules(url: "http://me:hunter2@p:1", noProxy: "a", connectHeaders: [header])
        var dumped = ""
        dump(rules, to: &dumped)
        dump(HTTPClientSettings(proxy: rules), to: &dumped)
        #expect(!"\(rules) \(header) \(dumped)".contains("hunter2"))
        #expect(!"\(rules) \(header) \(dumped)".contains(Base64.encode("me:hunter2".utf8)))
    }

    @Test(
        arguments: [("", "x"), ("a b", "x"), ("a", "x\r\nb: c"), ("Host", "x"), ("content-length", "1"), ("a:", "x")])
    func `a header that would break the request is refused`(name: String, value: String) {
        let error = #expect(throws: HTTPClientError.self) { try ProxyHeader(name: name, value: value) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `base64 is that of RFC 4648`() {
        let texts = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE="]
        for (plain, encoded) in texts { #expect(Base64.encode(plain.utf8) == encoded) }
    }
}
