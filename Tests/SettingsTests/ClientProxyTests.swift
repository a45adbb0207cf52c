import Testing

@testable import Settings

struct ClientProxyTests {
    private func read(_ text: String) throws -> (value: ClientProxy?, problems: [String]) {
        let found = try section(text) { reader in
            let proxy = ClientProxy.read(reader)
            reader.finish()
            return proxy
        }
        return (found.value ?? nil, found.problems)
    }

    @Test(
        arguments: [
            ("proxy_url: http://proxy:3128", "http://proxy:3128", ""),
            ("proxy_url: https://me:p%40ss@[::1]:8443/\nno_proxy: a, .b", "https://me:p%40ss@[::1]:8443/", "a, .b"),
            ("proxy_url: HTTP://proxy", "HTTP://proxy", ""),
            ("proxy_url: http://:pw@proxy\nproxy_from_environment: false", "http://:pw@proxy", ""),
        ])
    func `a proxy is read as it is written`(text: String, url: String, noProxy: String) throws {
        let found = try read(text)
        #expect(found.problems == [])
        #expect(found.value == ClientProxy(source: .url(Secret(url), noProxy: noProxy)))
    }

    @Test(arguments: [
        "x: ", "proxy_url: ''", "proxy_url:\nno_proxy: ''", "proxy_from_environment: false", "proxy_connect_header: {}",
    ])
    func `without a URL there is no proxy`(text: String) throws {
        let found = try read(text.replacing("x: ", with: "no_proxy: "))
        #expect(found.problems == [])
        #expect(found.value == nil)
    }

    @Test func `the environment's proxies, and headers for CONNECT`() throws {
        let found = try read(
            "proxy_from_environment: true\nproxy_connect_header: {X-A: [one, two], Proxy-Authorization: [b]}")
        #expect(found.problems == [])
        let headers = [
            ClientProxy.Header(name: "X-A", values: [Secret("one"), Secret("two")]),
            ClientProxy.Header(name: "Proxy-Authorization", values: [Secret("b")]),
        ]
        #expect(found.value == ClientProxy(source: .environment, connectHeaders: headers))
        #expect(found.value?.description == "the environment's proxy")
    }

    @Test(
        arguments: [
            (
                "proxy_url: http://p\nproxy_from_environment: true",
                ["1:1: proxy_url: proxy_from_environment is given too: expected one of the two"]
            ),
            (
                "proxy_from_environment: true\nno_proxy: a",
                ["2:1: no_proxy: proxy_from_environment is given too: expected one of the two"]
            ),
            ("no_proxy: a", ["1:1: no_proxy: expected a proxy_url beside it"]),
            (
                "proxy_connect_header: {a: [hunter2]}",
                ["1:1: proxy_connect_header: expected proxy_url or proxy_from_environment beside it"]
            ),
            (
                "proxy_url: me:hunter2@p",
                ["1:12: proxy_url: expected a URL such as http://proxy.example.com:3128, found no scheme"]
            ),
            (
                "proxy_url: ftp://me:hunter2@p",
                ["1:12: proxy_url: expected a URL such as http://proxy.example.com:3128, found another scheme"]
            ),
            (
                "proxy_url: socks5://me:hunter2@p",
                ["1:12: proxy_url: a proxy of scheme socks5 is not supported by Culvert: use http or https"]
            ),
            (
                "proxy_url: http://me:hunter2@",
                [
                    "1:12: proxy_url: expected a URL such as http://proxy.example.com:3128, "
                        + "found no host and port after http://"
                ]
            ),
            (
                "proxy_url: http://me:hunter2@p:99999",
                [
                    "1:12: proxy_url: expected a URL such as http://proxy.example.com:3128, "
                        + "found no port between 1 and 65535"
                ]
            ),
            (
                "proxy_url: http://me:hunter2%@p",
                ["1:12: proxy_url: expected %XX in user and password, found a lone %"]
            ),
            ("proxy_url: http://m%3ae:hunter2@p", ["1:12: proxy_url: expected a user without a colon"]),
            (
                "proxy_url: http://me:hunter2%0a@p",
                ["1:12: proxy_url: expected user and password without control characters"]
            ),
            (
                "proxy_url: http://p\nproxy_connect_header: {a b: [x], Host: [x], c: x, d: [[x]], e: [\"hunter2\\n\"]}",
                [
                    "2:24: proxy_connect_header: \"a b\" is no header's name",
                    "2:34: proxy_connect_header: Host cannot be set here, Culvert sets it itself",
                    "2:48: c: expected a list of texts, found \"x\"", "2:55: d: expected a list of texts, found a list",
                    "2:65: e: expected texts without control characters",
                ]
            ),
        ])
    func `a mistake is told without a secret`(text: String, problems: [String]) throws {
        let found = try read(text)
        #expect(found.problems == problems)
        #expect(!found.problems.joined().contains("hunter2"))
    }

    @Test func `nothing secret is ever printed`() throws {
        let proxy = try #require(
            try read("proxy_url: http://me:hunter2@p:1/x\nproxy_connect_header: {a: [hunter2]}").value)
        var dumped = ""
        dump(proxy, to: &dumped)
        #expect(proxy.description == "http://p:1")
        #expect(!"\(proxy) \(String(reflecting: proxy)) \(dumped)".contains("hunter2"))
    }
}
