import Testing

@testable import Settings

struct AgentPolicyTests {
    private func read(_ text: String) throws -> (value: AgentPolicy?, problems: [String]) {
        try section(text) { AgentPolicy.read($0) }
    }

    @Test func `without the section everything is permitted that is not forbidden anyway`() {
        #expect(AgentPolicy.read(nil) == AgentPolicy())
        #expect(AgentPolicy().allow == nil)
        #expect(AgentPolicy().denyMetrics == [])
    }

    @Test func `entries are read with ports and schemes`() throws {
        let found = try read(
            """
            allow:
              - cidr: 10.0.0.0/8
                ports: [9100, 9200-9299]
                schemes: [https]
              - {cidr: "fd00::/8"}
              - {cidr: 192.168.1.1, ports: ~, schemes: [http, https]}
            deny_metrics: [go_.*, secret_total, '5']
            """)
        #expect(found.problems == [])
        #expect(
            found.value
                == AgentPolicy(
                    allow: [
                        AgentPolicyRule(cidr: "10.0.0.0/8", ports: [9100...9100, 9200...9299], schemes: ["https"]),
                        AgentPolicyRule(cidr: "fd00::/8"),
                        AgentPolicyRule(cidr: "192.168.1.1", schemes: ["http", "https"]),
                    ], denyMetrics: ["go_.*", "secret_total", "5"]))
    }

    @Test(
        arguments: [
            ("allow: []", ["1:8: allow: expected at least one entry, or no allow at all, found an empty list"]),
            ("allow: 10.0.0.0/8", ["1:8: allow: expected a list of entries, each with cidr, found \"10.0.0.0/8\""]),
            ("allow: [10.0.0.0/8]", ["1:9: allow: expected a mapping, found \"10.0.0.0/8\""]),
            ("allow: [~]", ["1:9: allow: expected a list of entries, each with cidr, found an empty element"]),
            (
                "allow: [{ports: [1]}]",
                ["1:9: allow: cidr is missing: expected a block of addresses such as 10.0.0.0/8"]
            ),
            (
                "allow: [{cidr: 10.0.0.0/33}, {cidr: host}, {cidr: 10.0.0/8}, {cidr: 'fe80::1%eth0'}]",
                [
                    "1:16: cidr: expected a block of addresses such as 10.0.0.0/8, found \"10.0.0.0/33\"",
                    "1:37: cidr: expected a block of addresses such as 10.0.0.0/8, found \"host\"",
                    "1:51: cidr: expected a block of addresses such as 10.0.0.0/8, found \"10.0.0/8\"",
                    "1:69: cidr: expected a block of addresses such as 10.0.0.0/8, found \"fe80::1%eth0\"",
                ]
            ),
            (
                "allow: [{cidr: 10.1.2.3/8}]",
                ["1:16: cidr: expected a block whose bits behind the prefix are 0, found \"10.1.2.3/8\""]
            ),
            (
                "allow: [{cidr: '::/0', ports: [0, 70000, a, 9-3, 1-2-3, [1], -1]}]",
                [
                    "1:32: ports: expected a list of ports such as 9100 or 9100-9199, found \"0\"",
                    "1:35: ports: expected a list of ports such as 9100 or 9100-9199, found \"70000\"",
                    "1:42: ports: expected a list of ports such as 9100 or 9100-9199, found \"a\"",
                    "1:45: ports: expected a list of ports such as 9100 or 9100-9199, found \"9-3\"",
                    "1:50: ports: expected a list of ports such as 9100 or 9100-9199, found \"1-2-3\"",
                    "1:57: ports: expected a list of ports such as 9100 or 9100-9199, found a list",
                    "1:62: ports: expected a list of ports such as 9100 or 9100-9199, found \"-1\"",
                ]
            ),
            (
                "allow: [{cidr: '::/0', ports: []}]",
                ["1:31: ports: expected at least one, or no ports at all, found an empty list"]
            ),
            (
                "allow: [{cidr: '::/0', schemes: [HTTP, ftp]}]",
                [
                    "1:34: schemes: expected http or https, found \"HTTP\"",
                    "1:40: schemes: expected http or https, found \"ftp\"",
                ]
            ),
            ("allow: [{cidr: '::/0', port: 1}]", ["1:24: allow: unknown key \"port\", did you mean ports?"]),
            (
                "deny_metrics: ['', [a], {b: c}]",
                [
                    "1:16: deny_metrics: expected names or patterns of metrics, found an empty text",
                    "1:20: deny_metrics: expected names or patterns of metrics, found a list",
                    "1:25: deny_metrics: expected names or patterns of metrics, found a mapping",
                ]
            ),
            ("deny: [a]", ["1:1: the section: unknown key \"deny\", expected allow, deny_metrics"]),
        ])
    func `a mistake is told where it stands`(text: String, problems: [String]) throws {
        let found = try read(text)
        #expect(found.problems == problems)
    }
}
