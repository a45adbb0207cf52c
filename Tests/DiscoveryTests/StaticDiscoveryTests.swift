import Discovery
import Relabeling
import Settings
import Testing

struct StaticDiscoveryTests {
    /// What is found in one job called `node`, at an interval of 15 s.
    private func find(
        _ targets: [String], labels: [(String, String)] = [], change: (inout ScrapeConfig) -> Void = { _ in }
    ) -> (targets: [Target], problems: [SettingsError]) {
        let group = StaticConfig(
            targets: targets.enumerated().map { StaticTarget(address: $1, line: 7 + $0, column: 3) }, labels: labels)
        var job = ScrapeConfig(jobName: "node", scrapeInterval: 15_000, staticConfigs: [group])
        change(&job)
        return list(AgentSettings(collectors: [], scrapeConfigs: [job]))
    }

    @Test func `a target has job, instance and its labels`() throws {
        let found = find(["h:9100"], labels: [("env", "prod"), ("empty", "")])
        #expect(found.problems.isEmpty)
        let target = try #require(found.targets.first)
        #expect(found.targets.count == 1)
        #expect(target.labels == Labels([("env", "prod"), ("instance", "h:9100"), ("job", "node")]))
        #expect(target.jobName == "node")
        #expect(target.url == "http://h:9100/metrics")
        #expect(target.interval == 15_000)
        #expect(target.timeout == 10_000)
        #expect(target.bodySizeLimit == 16 << 20)
        #expect(target.enableCompression)
        #expect(target.followRedirects)
        #expect(!target.honorLabels)
    }

    @Test func `labels of the group win over job and instance`() throws {
        let target = try #require(find(["h:1"], labels: [("job", "mine"), ("instance", "me")]).targets.first)
        #expect(target.labels == Labels([("instance", "me"), ("job", "mine")]))
        #expect(target.jobName == "node")
    }

    @Test func `empty labels fall back to the defaults`() throws {
        let target = try #require(
            find(["h:1"], labels: [("job", ""), ("instance", ""), ("__scheme__", "")]).targets.first)
        #expect(target.labels == Labels([("instance", "h:1"), ("job", "node")]))
        #expect(target.scheme == "http")
    }

    @Test func `a scheme that nobody speaks makes a target that is down`() throws {
        let target = try #require(find(["h:1"], labels: [("__scheme__", "ftp")]).targets.first)
        #expect(target.refusal == #"unsupported protocol scheme "ftp""#)
    }

    @Test func `labels with two underscores steer the target and are dropped`() throws {
        let target = try #require(
            find(
                ["h:1"],
                labels: [
                    ("__scheme__", "https"), ("__metrics_path__", "/probe"), ("__param_module", "tcp"),
                    ("__scrape_interval__", "1m"), ("__scrape_timeout__", "20s"), ("__meta_x", "y"), ("__tmp", "z"),
                ],
                change: { $0.params = [("module", ["http", "icmp"]), ("a", ["1 2"])] }
            ).targets.first)
        #expect(target.labels == Labels([("instance", "h:1"), ("job", "node")]))
        #expect(target.url == "https://h:1/probe?a=1+2&module=tcp&module=icmp")
        #expect(target.interval == 60_000)
        #expect(target.timeout == 20_000)
    }

    @Test func `the address of the target wins over a label`() throws {
        let found = find(["h:1"], labels: [("__address__", "other:2")])
        #expect(found.targets.map(\.address) == ["h:1"])
    }

    @Test(arguments: [("h", "http://h/metrics"), ("[::1]:9100", "http://[::1]:9100/metrics")])
    func `no port is added to an address`(address: String, url: String) throws {
        let target = try #require(find([address]).targets.first)
        #expect(target.url == url)
        #expect(target.labels["instance"] == address)
    }

    @Test func `parameters are sorted and encoded`() throws {
        let target = try #require(
            find(
                ["h:1"],
                change: {
                    $0.params = [("target", ["https://a/?b=c&d"]), ("match[]", ["{a=\"b\"}", "up"]), ("e", [])]
                }
            )
            .targets.first)
        #expect(target.query == "match%5B%5D=%7Ba%3D%22b%22%7D&match%5B%5D=up&target=https%3A%2F%2Fa%2F%3Fb%3Dc%26d")
    }

    @Test func `equal targets of one job are one`() {
        let found = find(["h:1", "h:2", "h:1"])
        #expect(found.targets.map(\.address) == ["h:1", "h:2"])
        #expect(found.problems.isEmpty)
    }

    @Test func `equal labels with different URLs stay two`() {
        let found = find(["h:1", "h:2"], labels: [("instance", "same")])
        #expect(found.targets.map(\.url) == ["http://h:1/metrics", "http://h:2/metrics"])
    }

    @Test func `a target of two jobs is scraped once and told`() {
        let jobs = ["a", "b"].enumerated().map { index, name in
            ScrapeConfig(
                jobName: name,
                staticConfigs: [
                    StaticConfig(
                        targets: [StaticTarget(address: "h:1", line: 5 + index, column: 9)], labels: [("job", "same")])
                ])
        }
        let found = list(AgentSettings(collectors: [], scrapeConfigs: jobs))
        #expect(found.targets.map(\.jobName) == ["a"])
        #expect(
            found.problems.map(\.description) == [
                #"agent.yml:6:9: target "h:1" of job "b": has the labels and the URL of a target of job "a" "#
                    + #"in line 5, it is scraped there only"#
            ])
    }

    @Test(arguments: [
        ("__scrape_interval__", "soon", #"__scrape_interval__: expected a duration above 0, found "soon""#),
        ("__scrape_interval__", "0", #"__scrape_interval__: expected a duration above 0, found "0""#),
        ("__scrape_timeout__", "0s", #"__scrape_timeout__: expected a duration above 0, found "0s""#),
        ("__scrape_timeout__", "1m", "__scrape_timeout__: expected at most the interval 15s, found 1m"),
    ]) func `labels that make no target are told with the target's position`(
        name: String, value: String, problem: String
    ) {
        let found = find(["h:1", "h:2"], labels: [(name, value)])
        #expect(found.targets.isEmpty)
        #expect(
            found.problems.map(\.description) == [
                "agent.yml:7:3: target \"h:1\" of job \"node\": \(problem)",
                "agent.yml:8:3: target \"h:2\" of job \"node\": \(problem)",
            ])
    }
}
