import Glibc
import Settings
import Testing

/// `basic_auth`, `authorization`, bearer tokens and `http_headers` of a job.
struct ClientAuthorizationTests {
    private func job(_ lines: String, in directory: TemporaryDirectory) throws -> ScrapeConfig {
        let text = collectorLines + "scrape_configs:\n  - job_name: a\n" + lines
        return try #require(
            try AgentSettings.load(path: directory.write("agent.yml", text)).scrapeConfigs.first)
    }

    @Test(arguments: [
        ("    basic_auth: {username: Aladdin, password: open sesame}\n", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("    basic_auth: {username: u}\n", "Basic dTo="),
        ("    authorization: {credentials: t0k}\n", "Bearer t0k"),
        ("    authorization: {type: Custom, credentials: t0k}\n", "Custom t0k"),
        ("    bearer_token: t0k\n", "Bearer t0k"),
        ("    bearer_token_file: token\n", "Bearer from-a-file"),
        ("    authorization: {credentials_file: token}\n", "Bearer from-a-file"),
        ("    basic_auth: {username_file: token, password_file: token}\n", "Basic ZnJvbS1hLWZpbGU6ZnJvbS1hLWZpbGU="),
    ]) func `the header says what the job says`(lines: String, header: String) throws {
        let directory = try TemporaryDirectory.withCertificates()
        _ = try directory.write("token", "\n from-a-file \n")
        let authorization = try #require(try job(lines, in: directory).authorization)
        #expect(try authorization.header().value == header)
    }

    @Test func `a file is read again, and one that is gone is named`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let path = try directory.write("token", "one")
        let authorization = try #require(try job("    bearer_token_file: token\n", in: directory).authorization)
        _ = try directory.write("token", "two")
        #expect(try authorization.header().value == "Bearer two")
        #expect(unlink(path) == 0)
        do throws(SettingsError) {
            _ = try authorization.header()
            Issue.record("the header was made without its file")
        } catch {
            #expect(error.file == path && error.code == .unusableFile)
        }
    }

    @Test func `headers come in Prometheus' order`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        _ = try directory.write("token", "c")
        let job = try job("    http_headers: {X-A: {values: [a], secrets: [b], files: [token]}}\n", in: directory)
        let header = try #require(job.httpHeaders.first)
        #expect(header.name == "X-A")
        #expect(try header.values.map { try $0.read().value } == ["a", "b", "c"])
    }

    @Test(arguments: [
        (
            "    basic_auth: {username: a}\n    bearer_token: b\n",
            "12:5: bearer_token: basic_auth is given too: expected at most one of them"
        ),
        (
            "    basic_auth: {password: a, password_file: ca.pem}\n",
            "11:31: password_file: password is given too: expected one of the two"
        ),
        (
            "    authorization: {type: basic}\n",
            "11:27: type: basic is written as basic_auth: username and password"
        ),
        (
            "    authorization: {type: 'a(b'}\n", #"11:27: type: expected a word such as Bearer, found "a(b""#
        ),
        (
            "    http_headers: {Host: {values: [a]}}\n",
            "11:20: http_headers: Host cannot be set here, Culvert sets it itself"
        ),
        ("    http_headers: {'a b': {}}\n", #"11:20: http_headers: "a b" is no header's name"#),
        (
            "    http_headers: {X: {values: ['a\\x01']}}\n".replacing("'", with: "\""),
            "11:33: values: expected texts without control characters"
        ),
        (
            "    basic_auth: {user: a}\n",
            #"11:18: basic_auth: unknown key "user", expected username, username_file, password, password_file"#
        ),
    ]) func `what Prometheus refuses is refused where it stands`(lines: String, problem: String) throws {
        let text = collectorLines + "scrape_configs:\n  - job_name: a\n" + lines
        let found = try agentProblems(text)
        #expect(found == [problem])
    }

    @Test func `no secret is printed`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let job = try job("    basic_auth: {username: u, password: hush}\n", in: directory)
        #expect(!"\(job)".contains("hush"))
        var text = ""
        dump(job, to: &text)
        #expect(!text.contains("hush"))
    }
}
