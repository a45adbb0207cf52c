import Settings
import Testing

struct ProxyTests {
    private func text(_ lines: String) -> String {
        """
        collectors:
          - address: h:1
            tls_config: {ca_file: ca.pem, cert_file: agent.pem, key_file: agent-key.pem}
            \(lines)
        """
    }

    private func proxy(_ lines: String) throws -> ProxySettings? { try loadAgent(text(lines)).collectors.first?.proxy }

    @Test func `a proxy without a password`() throws {
        #expect(try proxy("proxy_url: http://proxy:3128") == ProxySettings(host: "proxy", port: 3128))
        #expect(try proxy("proxy_url: HTTP://[::1]/") == ProxySettings(host: "::1", port: 80))
        #expect(try proxy("proxy_url: ''") == nil)
    }

    @Test func `user and password in the URL`() throws {
        let proxy = try #require(try proxy("proxy_url: http://me%40home:p%3Aa:s%2Fs@proxy:3128/"))
        #expect(proxy.host == "proxy")
        #expect(proxy.port == 3128)
        #expect(proxy.credentials?.username == "me@home")
        #expect(proxy.credentials?.password.value == "p:a:s/s")
        #expect(proxy.description == "http://proxy:3128")
    }

    @Test func `user and password beside the URL`() throws {
        let proxy = try proxy("proxy_url: http://proxy:1\n    proxy_basic_auth: {username: me, password: 'pa ss'}")
        #expect(proxy?.credentials == ProxyCredentials(username: "me", password: Secret("pa ss")))
    }

    @Test func `a password in a file loses its white space`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        try directory.write("secret", " hunter2\n")
        let path = try directory.write(
            "agent.yml",
            text("proxy_url: http://proxy:1\n    proxy_basic_auth: {username: me, password_file: secret}"))
        let collector = try #require(try AgentSettings.load(path: path).collectors.first)
        #expect(collector.proxy?.credentials?.password.value == "hunter2")
        #expect(collector.proxyURL == "http://proxy:1")
    }

    @Test func `no password is ever printed`() throws {
        let settings = try loadAgent(text("proxy_url: http://me:hunter2@proxy:3128"))
        var dumped = ""
        dump(settings, to: &dumped)
        let printed = "\(settings) \(dumped) " + settings.describe().joined()
        #expect(!printed.contains("hunter2"))
        #expect(printed.contains("<secret>"))
    }

    @Test(arguments: [
        (
            "proxy_url: http://me:hunter2@proxy:99999",
            "4:16: proxy_url: expected a URL such as http://proxy.example.com:3128, found no host and port "
                + "after http://"
        ),
        (
            "proxy_url: me:hunter2@proxy",
            "4:16: proxy_url: expected a URL such as http://proxy.example.com:3128, found no scheme"
        ),
        (
            "proxy_url: https://me:hunter2@proxy",
            "4:16: proxy_url: a proxy of scheme https is not supported by this version of Culvert: use http"
        ),
        (
            "proxy_url: ftp://me:hunter2@proxy",
            "4:16: proxy_url: expected a URL such as http://proxy.example.com:3128, found another scheme"
        ),
        ("proxy_url: http://me:hunter2%@proxy", "4:16: proxy_url: expected %XX in user and password, found a lone %"),
        ("proxy_url: http://:hunter2@proxy", "4:16: proxy_url: expected a user before the password, found none"),
        (
            "proxy_url: http://me:hunter2%0a@proxy",
            "4:16: proxy_url: expected user and password without control characters"
        ),
        (
            "proxy_basic_auth: {username: me, password: hunter2}",
            "4:5: proxy_basic_auth: expected a proxy_url beside it, found none"
        ),
        (
            "proxy_url: http://a:hunter2@p\n    proxy_basic_auth: {username: me, password: hunter2}",
            "5:23: proxy_basic_auth: the proxy_url has a user already: give the credentials in one place"
        ),
        (
            "proxy_url: http://p\n    proxy_basic_auth: {password: hunter2}",
            "5:23: proxy_basic_auth: username is missing: expected the user the proxy knows"
        ),
        (
            "proxy_url: http://p\n    proxy_basic_auth: {username: me, password_file: nope}",
            "5:38: password_file: nope: No such file or directory: correct the path, or write the password into it"
        ),
        (
            "proxy_url: http://p\n    proxy_basic_auth: {username: me, password: hunter2, password_file: ca.pem}",
            "5:57: password_file: password is given too: expected one of the two"
        ),
        ("proxy_from_environment: true", "4:5: proxy_from_environment is not supported by this version of Culvert"),
    ]) func `a mistake is told without the password`(lines: String, problem: String) throws {
        let problems = try agentProblems(text(lines))
        #expect(problems == [problem])
        #expect(!problems.joined().contains("hunter2"))
    }
}
