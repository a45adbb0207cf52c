import Settings
import Testing

/// What can be wrong with agent.yml, each with the exact position; the ninth line is the first of each text.
struct AgentProblemTests {
    @Test(arguments: [
        (
            "global: {scrape_interval: 5s, scrape_timeout: 6s}",
            ["9:47: scrape_timeout: expected at most the scrape_interval of the global section, 5s, found 6s"]
        ),
        (
            "global: {scrape_interval: 5}",
            [#"9:27: scrape_interval: expected a duration such as 30s, 1h30m or 500ms, found "5""#]
        ),
        (
            "global: {scrape_interval: [5s]}",
            ["9:27: scrape_interval: expected a duration such as 30s, 1h30m or 500ms, found a list"]
        ),
        (
            "global: {scrape_interval: !foo 5s}",
            [
                #"9:27: scrape_interval: expected a duration such as 30s, 1h30m or 500ms without a YAML "#
                    + #"tag, found the tag "!foo""#
            ]
        ),
        (
            "global:\n  evaluation_interval: 5s\n  external_labels: {a: b}\n  sample_limit: x\n  scrape_intervall: 5s",
            [
                "10:3: evaluation_interval has no meaning for an agent, which evaluates no rules: remove it",
                "11:3: external_labels belongs to the collector's settings, where series leave Culvert: move it there",
                #"12:17: sample_limit: expected a whole number, 0 or more, found "x""#,
                #"13:3: global: unknown key "scrape_intervall", did you mean scrape_interval?"#,
            ]
        ),
        ("globl: {}", [#"9:1: the agent's settings: unknown key "globl", did you mean global?"#]),
        ("scrape_interval: 5s", ["9:1: scrape_interval belongs under global"]),
        ("remote_write: []", ["9:1: remote_write is not supported by this version of Culvert"]),
        ("tunnel: {}", ["9:1: tunnel belongs to a collector's settings: is this file meant for culvert collector?"]),
        (
            "xyz: 1",
            [
                #"9:1: the agent's settings: unknown key "xyz", expected collectors, log, global, "#
                    + #"scrape_configs, scrape_config_files, scrape_configs_file, policy, shutdown_grace_period"#
            ]
        ),
        (
            "shutdown_grace_period: soon",
            [#"9:24: shutdown_grace_period: expected a duration such as 30s, 1h30m or 500ms, found "soon""#]
        ),
        ("scrape_configs: {}", ["9:17: scrape_configs: expected a list of jobs, found a mapping"]),
        ("scrape_configs: [~]", ["9:18: scrape_configs: expected a list of jobs, found an empty element"]),
    ]) func `a section with a mistake`(text: String, problems: [String]) throws {
        #expect(try agentProblems(collectorLines + text + "\n") == problems)
    }

    @Test(arguments: [
        (
            "- jobname: x",
            [
                "10:5: scrape_config: job_name is missing: expected a name, unique in this file",
                #"10:5: scrape_config: unknown key "jobname", did you mean job_name?"#,
            ]
        ),
        ("- job_name: ''", ["10:15: job_name: expected a name, unique in this file, found an empty text"]),
        ("- job_name: [a]", ["10:15: job_name: expected a name, unique in this file, found a list"]),
        (
            "- job_name: a\n  - job_name: a",
            [#"11:15: job_name: "a" is used twice, first in line 10: expected a name of its own"#]
        ),
        (
            "- job_name: a\n    scrape_interval: 5s\n    scrape_timeout: 6s",
            [#"12:21: scrape_timeout: expected at most the scrape_interval of job "a", 5s, found 6s"#]
        ),
        (
            "- job_name: a\n    scrape_failure_log_file: [x]\n    ec2_sd_configs: []\n    oauth2: {}",
            [
                "11:30: scrape_failure_log_file: expected the path of a file, found a list",
                "12:5: ec2_sd_configs is not supported by this version of Culvert: use http_sd_configs, file_sd_configs or "
                    + "dns_sd_configs",
                "13:5: oauth2 is not supported by this version of Culvert: let something else fetch the token, and name its "
                    + "file as authorization.credentials_file",
            ]
        ),
        (
            "- job_name: a\n    scheme: ftp\n    metrics_path: /m?x=1\n    honor_labels: 'true'\n    "
                + "follow_redirects: maybe",
            [
                #"11:13: scheme: expected http or https, found "ftp""#,
                #"12:19: metrics_path: expected a path alone, its query under params, found "/m?x=1""#,
                #"13:19: honor_labels: expected true or false without quotes, found the text "true""#,
                #"14:23: follow_redirects: expected true or false, found "maybe""#,
            ]
        ),
        ("- job_name: a\n    params: {x: y}", [#"11:17: x: expected a list of texts, found "y""#]),
        ("- job_name: a\n    params: {x: [[y]]}", ["11:18: x: expected a list of texts, found a list"]),
        (
            "- job_name: a\n    body_size_limit: 1GB",
            [
                #"11:22: body_size_limit: expected a size between 0B and 64MiB, found "1GB" (1073741824 bytes)"#
            ]
        ),
        (
            "- job_name: a\n    body_size_limit: big",
            [#"11:22: body_size_limit: expected a size such as 64MiB or 1GiB, found "big""#]
        ),
        (
            "- job_name: a\n    tls_config: {cert_file: ca.pem, min_version: TLS10, ca: x}",
            [
                "11:17: tls_config: key_file is missing: expected the private key of cert_file",
                "11:50: min_version: TLS10 is not supported by Culvert: expected TLS12 or TLS13",
                "11:61: ca: expected PEM with -----BEGIN CERTIFICATE-----, found none in it",
            ]
        ),
        (
            "- job_name: a\n    static_configs: [targets: a]",
            [#"11:31: targets: expected a list of host:port, found "a""#]
        ),
        (
            "- job_name: a\n    static_configs:\n      - labels: {a-b: c, d: [e], f: 1}\n        label: x",
            [
                #"12:18: labels: "a-b" is not a label name: expected letters, digits and _, no digit first"#,
                "12:29: d: expected a text, found a list",
                #"13:9: static_config: unknown key "label", did you mean labels?"#,
            ]
        ),
    ]) func `a job with a mistake`(job: String, problems: [String]) throws {
        #expect(try agentProblems(collectorLines + "scrape_configs:\n  " + job + "\n") == problems)
    }

    @Test(arguments: [
        (
            "http://a/metrics",
            #"expected host:port, found "http://a/metrics": the scheme belongs into scheme, the path into metrics_path"#
        ),
        ("a:b", #"expected a port between 1 and 65535, found "a:b""#),
        ("a:70000", #"expected a port between 1 and 65535, found "a:70000""#),
        ("a:0", #"expected a port between 1 and 65535, found "a:0""#),
        ("::1", #"expected host:port, an IPv6 address in brackets, found "::1""#),
        ("", "expected host:port, found an empty text"), ("a b", #"expected host:port, found "a b""#),
        ("u:p@h", #"expected a port between 1 and 65535, found "u:p@h""#),
        ("[a", #"expected host:port, an IPv6 address in brackets, found "[a""#),
    ]) func `a target that cannot be dialled`(target: String, problem: String) throws {
        let text = "scrape_configs:\n  - job_name: a\n    static_configs: [{targets: ['h:1', '\(target)']}]\n"
        #expect(try agentProblems(collectorLines + text) == ["11:40: targets: " + problem])
    }

    @Test(arguments: [
        (
            "collectors: 5",
            #"1:13: collectors: expected a list of collectors, each with address and tls_config, found "5""#
        ),
        (
            "collectors: []",
            "1:13: collectors: expected a list of collectors, each with address and tls_config, found an empty list"
        ),
        ("collectors: [a]", #"1:14: collector: expected a mapping, found "a""#),
        (
            "collectors:",
            "1:1: the agent's settings: collectors is missing: expected a list of collectors, each with "
                + "address and tls_config"
        ),
        (
            "collectors: [{address: 'h:1'}]",
            "1:14: collector: tls_config is missing: expected ca_file, cert_file and key_file"
        ),
    ]) func `collectors that are none`(text: String, problem: String) throws {
        #expect(try agentProblems(text) == [problem])
    }

    @Test(arguments: [
        ("h", "host:port such as collector.example.com:9443"),
        ("h:0", "host:port such as collector.example.com:9443, the port between 1 and 65535"),
        (":1", "host:port such as collector.example.com:9443"),
        ("https://h:1", "host:port such as collector.example.com:9443, without a scheme"),
        ("::1:9443", "host:port such as collector.example.com:9443, an IPv6 address in brackets"),
    ]) func `an address that is none`(address: String, expected: String) throws {
        let text = """
            collectors:
              - tls_config: {ca_file: ca.pem, cert_file: agent.pem, key_file: agent-key.pem}
                address: '\(address)'
            """
        #expect(try agentProblems(text) == ["3:14: address: expected \(expected), found \"\(address)\""])
    }

    @Test func `a collector listed twice is told`() throws {
        let entry = "{address: 'h:1', tls_config: {ca_file: ca.pem, cert_file: agent.pem, key_file: agent-key.pem}}"
        #expect(
            try agentProblems("collectors:\n  - \(entry)\n  - \(entry)\n")
                == [#"3:15: address: "h:1" is listed twice, first in line 2: remove one"#])
    }

    @Test func `the tunnel's security cannot be switched off`() throws {
        let text = """
            collectors:
              - address: h:1
                tls_config:
                  ca_file: ca.pem
                  cert_file: agent.pem
                  key_file: agent-key.pem
                  insecure_skip_verify: true
                  min_version: TLS12
            """
        #expect(
            try agentProblems(text) == [
                "7:7: insecure_skip_verify cannot be set on the tunnel, where the certificate is the "
                    + "identity: remove it",
                "8:7: min_version cannot be set on the tunnel, which is TLS 1.3 always: remove it",
            ])
    }

    @Test func `several problems are told at once, in the order of the file`() throws {
        let text = "zzz: 1\nscrape_configs: [{job_name: a, scheme: x}]\nglobal: {scrape_interval: y}\n" + collectorLines
        #expect(try agentProblems(text).map { $0.prefix { $0 != " " } } == ["1:1:", "2:40:", "3:27:"])
    }
}
