import Settings
import Testing

/// What can be wrong with collector.yml, each with the exact position; the sixth line is the first of each text.
struct CollectorProblemTests {
    @Test(
        arguments: [
            (
                "agents:",
                [
                    "6:1: agents: expected a list, found nothing: remove the key to let every agent with a "
                        + "valid certificate connect"
                ]
            ),
            ("agents: []", []),
            ("agents: [a]", [#"6:10: agent: expected a mapping, found "a""#]),
            (
                "agents:\n  - {name: A}\n  - {name: b, labels: {__x: y}}\n  - {name: b}\n  - {nam: c}",
                [
                    #"7:12: name: expected a name of a-z, 0-9, dots, dashes and underscores, at most 63, found "A""#,
                    #"8:24: labels: "__x" cannot be stamped: names beginning with __ are Prometheus' own"#,
                    #"9:12: name: agent "b" is listed twice, first in line 8: remove one"#,
                    "10:5: agent: name is missing: expected a name of a-z, 0-9, dots, dashes and "
                        + "underscores, at most 63",
                    #"10:6: agent: unknown key "nam", did you mean name?"#,
                ]
            ),
            (
                "agents:\n  - {name: a, labels: {agent: '', vpc: x}}\n  - {name: b, labels: {vpc: x, agent: ''}}",
                [
                    #"8:5: agents a (line 7) and b (line 8) would stamp the same labels {vpc="x"} on their "#
                        + #"data: give one of them a label of its own"#
                ]
            ),
            (
                "agents:\n  - {name: a}\n  - {name: b, labels: {agent: a}}",
                [
                    #"8:5: agents a (line 7) and b (line 8) would stamp the same labels {agent="a"} on "#
                        + #"their data: give one of them a label of its own"#
                ]
            ),
            (
                "web: {listen_address: 9480, compression: yes, external_url: 'ftp://x', route_prefix: 'a "
                    + "b', enable_lifecycle: 1}",
                [
                    #"6:23: listen_address: expected host:port such as 0.0.0.0:9443, found "9480""#,
                    #"6:42: compression: expected auto, off or on, found "yes""#,
                    "6:61: external_url: expected a URL such as https://culvert.example.com/prefix, without "
                        + "user, query and fragment",
                    #"6:86: route_prefix: expected a path such as /culvert, found "a b""#,
                    #"6:111: enable_lifecycle: expected true or false, found "1""#,
                ]
            ),
            (
                "web: {listen_address: '0.0.0.0:9443'}",
                ["6:1: listen_address: tunnel and web both listen on 0.0.0.0:9443: expected two ports"]
            ),
            (
                "web: {config_file: nope.yml}",
                [
                    "6:7: config_file: nope.yml: No such file or directory: correct the path, or remove "
                        + "config_file to serve plain HTTP"
                ]
            ),
            (
                "global: {scrape_interval: 5s}",
                ["6:10: scrape_interval belongs to an agent's settings: a collector does not scrape"]
            ),
            (
                "external_labels: {a: $B}",
                ["6:19: external_labels: environment variables ($) are not supported by this version of Culvert"]
            ),
            (
                "external_labels: {a: b}\nglobal: {external_labels: {a: b}}",
                ["7:10: external_labels: given at the top too: expected it in one place"]
            ),
            ("history: {readers: []}", []),
            (
                "history: {readers: {name: a}}",
                ["6:20: readers: expected a list of readers, each with a name, found a mapping"]
            ),
            ("history: {reader: []}", [#"6:11: history: unknown key "reader", did you mean readers?"#]),
            (
                "history:\n  readers:\n  - {name: A b}\n  - {name: a, key: port, max_age: 0s}\n  - {name: a, age: 1h}",
                [
                    #"8:12: name: expected a name of a-z, 0-9, dots, dashes and underscores, at most 63, found "A b""#,
                    #"9:20: key: expected address, or no key for one reader under this name, found "port""#,
                    "9:35: max_age: expected a duration greater than 0 such as 55m, found 0",
                    #"10:12: name: reader "a" is listed twice, first in line 9: remove one"#,
                    #"10:15: reader: unknown key "age", expected name, key, max_age"#,
                ]
            ),
            (
                "history: {readers: [{}]}",
                [
                    "6:21: reader: name is missing: expected a name of a-z, 0-9, dots, dashes and underscores, at "
                        + "most 63"
                ]
            ),
            (
                "history: {readers: [\((1...17).map { "{name: r\($0)}" }.joined(separator: ", "))]}",
                ["6:20: readers: expected at most 16, found 17"]
            ),
            (
                "log: {history: 15, max_size: 5}",
                [
                    #"6:16: history: expected a duration such as 30s, 1h30m or 500ms, found "15""#,
                    #"6:30: max_size: expected a size between 1MiB and 1EiB, found "5" (5 bytes)"#,
                ]
            ),
            (
                "log: {directory: ca.pem}",
                ["6:7: directory: ca.pem: is not a directory: name a directory, or none to keep the log in memory"]
            ),
            (
                "scrape_configs: []",
                ["6:1: scrape_configs belongs to an agent's settings: is this file meant for culvert agent?"]
            ),
        ] as [(String, [String])]) func `a section with a mistake`(text: String, problems: [String]) throws
    {
        #expect(try collectorProblems(tunnelLines + text + "\n") == problems)
    }

    @Test func `the tunnel needs its certificates`() throws {
        #expect(
            try collectorProblems("web: {}\n") == [
                "1:1: the collector's settings: tunnel is missing: expected tls_config with cert_file, "
                    + "key_file and client_ca_file"
            ])
        #expect(
            try collectorProblems("tunnel: {trust_domain: 'A b'}\n") == [
                "1:9: tunnel: tls_config is missing: expected cert_file, key_file and client_ca_file",
                #"1:24: trust_domain: expected a name of a-z, 0-9, dots, dashes and underscores, found "A b""#,
            ])
        #expect(
            try collectorProblems(
                "tunnel:\n  tls_config: {cert_file: collector.pem, key_file: collector-key.pem, ca_file: ca.pem}")
                == [
                    "2:15: tls_config: client_ca_file is missing: expected the path of a PEM file",
                    "2:71: ca_file: agents are verified with client_ca_file: name the file there",
                ])
    }

    @Test func `web.yml is read for its certificate and refused for what it would protect in vain`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let text = tunnelLines + "web: {config_file: web.yml}\n"
        try directory.write(
            "web.yml", "tls_server_config:\n  cert_file: collector.pem\n  key_file: collector-key.pem\n")
        let settings = try CollectorSettings.load(path: directory.write("collector.yml", text))
        #expect(settings.web.tlsConfig?.certFile == directory.path + "/collector.pem")
        #expect(settings.web.tlsConfig?.keyFile == directory.path + "/collector-key.pem")

        try directory.write(
            "web.yml", "basic_auth_users: {a: b}\ntls_server_config: {cert_file: x.pem, client_ca_file: y}\n")
        let found = try problems(in: directory, file: "collector.yml", text: text) { path in
            _ = try CollectorSettings.load(path: path)
        }
        #expect(
            found == [
                "web.yml:1:1: basic_auth_users is not supported by this version of Culvert",
                "web.yml:2:20: tls_server_config: key_file is missing: expected the path of a PEM file",
                "web.yml:2:21: cert_file: x.pem: No such file or directory: correct the path, or let "
                    + "certs/issue DIR write it",
                "web.yml:2:39: client_ca_file is not supported by this version of Culvert",
            ])
    }
}
