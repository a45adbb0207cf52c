import Testing

@testable import Settings

/// `dns_sd_configs` of a job: what is read, and what is refused where.
struct DNSSDConfigTests {
    private func read(_ text: String) throws -> (configs: [DNSSDConfig], problems: [String]) {
        let log = ProblemLog(file: "/agent.yml")
        let bytes = Array("dns_sd_configs: \(text)\n".utf8)
        let reader = try #require(Document.mapping(in: bytes, name: "a job", log: log))
        let configs = DNSSDConfig.readList(reader)
        return (configs, log.problems.map { "\($0.line):\($0.column): \($0.message)" })
    }

    @Test func `what an entry leaves out is as in Prometheus`() throws {
        let (configs, problems) = try read("[{names: [_http._tcp.example.com]}]")
        #expect(problems.isEmpty)
        #expect(configs == [DNSSDConfig(names: ["_http._tcp.example.com"])])
        #expect(configs[0].type == .srv && configs[0].port == nil && configs[0].refreshInterval == 30_000)
    }

    @Test func `every field is read, types in any case`() throws {
        let (configs, problems) = try read(
            "[{names: [a, b.], type: aaaa, port: 9100, refresh_interval: 1m}, {names: [c], type: Srv, port: 1}]")
        #expect(problems.isEmpty)
        #expect(
            configs == [
                DNSSDConfig(names: ["a", "b."], type: .aaaa, port: 9100, refreshInterval: 60_000),
                DNSSDConfig(names: ["c"], type: .srv, port: 1),
            ])
    }

    @Test func `no entries are none`() throws {
        #expect(try read("[]") == ([], []))
        #expect(try read("~") == ([], []))
    }

    @Test(arguments: [
        ("[{type: A, port: 1}]", "1:18: dns_sd_config: names is missing: expected a list of DNS names"),
        ("[{names: []}]", "1:26: names: expected a list of DNS names, found an empty one"),
        ("[{names: ['']}]", "1:27: names: expected a list of DNS names, found an empty text"),
        ("[{names: [[a]]}]", "1:27: names: expected a list of DNS names, found a list"),
        ("[{names: a}]", #"1:26: names: expected a list of DNS names, found "a""#),
        (
            "[{names: [a], type: A}]",
            "1:18: dns_sd_config: port is missing: expected a port between 1 and 65535, which records of type A do not have"
        ),
        ("[{names: [a], type: mx, port: 0}]", #"1:47: port: expected a port between 1 and 65535, found "0""#),
        ("[{names: [a], type: ns, port: 65536}]", #"1:47: port: expected a port between 1 and 65535, found "65536""#),
        ("[{names: [a], type: PTR, port: 1}]", #"1:37: type: expected SRV, A, AAAA, MX or NS, found "PTR""#),
        ("[{names: [a], type: ''}]", #"1:37: type: expected SRV, A, AAAA, MX or NS, found """#),
        ("[{names: [a], refresh_interval: 0s}]", "1:49: refresh_interval: expected a duration above 0, found 0"),
        (
            "[{names: [a], ports: 1}]",
            #"1:31: dns_sd_config: unknown key "ports", did you mean port?"#
        ),
        ("[a]", #"1:18: dns_sd_config: expected a mapping, found "a""#),
        ("{names: [a]}", "1:17: dns_sd_configs: expected a list of entries, each with names, found a mapping"),
    ]) func `what Prometheus refuses is refused where it stands`(text: String, problem: String) throws {
        #expect(try read(text).problems == [problem])
    }
}
