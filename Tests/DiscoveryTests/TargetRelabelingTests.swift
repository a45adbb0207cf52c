import Discovery
import Relabeling
import Settings
import Testing

/// What `relabel_configs` make of targets.
struct TargetRelabelingTests {
    private func rule(_ change: (inout RelabelRule.Fields) -> Void) throws -> RelabelRule {
        var fields = RelabelRule.Fields()
        change(&fields)
        return try RelabelRule(fields)
    }

    private func find(
        _ addresses: [String], _ rules: [RelabelRule]
    ) -> (targets: [Target], problems: [SettingsError]) {
        let group = StaticConfig(targets: addresses.map { StaticTarget(address: $0, line: 7, column: 3) })
        let job = ScrapeConfig(
            jobName: "probe", metricsPath: "/probe", params: [("module", ["http_2xx"])], staticConfigs: [group],
            relabelConfigs: rules)
        return list(AgentSettings(collectors: [], scrapeConfigs: [job]))
    }

    @Test func `the pattern of blackbox_exporter works`() throws {
        let found = find(
            ["https://example.com/?a=b"],
            [
                try rule {
                    $0.sourceLabels = ["__address__"]
                    $0.targetLabel = "__param_target"
                },
                try rule {
                    $0.sourceLabels = ["__param_target"]
                    $0.targetLabel = "instance"
                },
                try rule {
                    $0.targetLabel = "__address__"
                    $0.replacement = "127.0.0.1:9115"
                },
            ])
        #expect(found.problems.isEmpty)
        let target = try #require(found.targets.first)
        #expect(target.labels == Labels([("instance", "https://example.com/?a=b"), ("job", "probe")]))
        #expect(
            target.url
                == "http://127.0.0.1:9115/probe?module=http_2xx&target=https%3A%2F%2Fexample.com%2F%3Fa%3Db")
    }

    @Test func `rules see the defaults of the job and steer interval, path and scheme`() throws {
        let found = find(
            ["h:1"],
            [
                try rule {
                    $0.sourceLabels = ["job", "__scheme__", "__metrics_path__", "__scrape_interval__"]
                    $0.targetLabel = "seen"
                },
                try rule {
                    $0.targetLabel = "__scrape_interval__"
                    $0.replacement = "20s"
                },
                try rule {
                    $0.targetLabel = "__scheme__"
                    $0.replacement = "https"
                },
            ])
        let target = try #require(found.targets.first)
        #expect(target.labels["seen"] == "probe;http;/probe;1m")
        #expect(target.interval == 20_000 && target.scheme == "https")
    }

    @Test func `a dropped target is no problem, one without an address is`() throws {
        let dropped = find(
            ["h:1", "i:1"],
            [
                try rule {
                    $0.action = .drop
                    $0.sourceLabels = ["__address__"]
                    $0.regex = "h:.*"
                }
            ])
        #expect(dropped.targets.map(\.address) == ["i:1"] && dropped.problems.isEmpty)
        let lost = find(
            ["h:1"],
            [
                try rule {
                    $0.targetLabel = "__address__"
                    $0.replacement = ""
                }
            ])
        #expect(lost.targets.isEmpty)
        #expect(lost.problems.map(\.message) == [#"target "h:1" of job "probe": has no address"#])
    }

    @Test func `an address made by rules is checked`() throws {
        let found = find(
            ["h:1"],
            [
                try rule {
                    $0.targetLabel = "__address__"
                    $0.replacement = "h:1/x"
                }
            ])
        #expect(found.targets.isEmpty && found.problems.count == 1)
    }

    @Test func `targets that rules make equal are one`() throws {
        let found = find(
            ["h:1", "i:1"],
            [
                try rule {
                    $0.targetLabel = "__address__"
                    $0.replacement = "j:1"
                }
            ])
        #expect(found.targets.count == 1 && found.problems.isEmpty)
    }
}
