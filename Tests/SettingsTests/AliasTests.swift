import Settings
import Testing

struct AliasTests {
    /// Twelve levels of nine: 9^12 nodes when followed.
    private static let bomb =
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + (1..<12).map { level in
            "a\(level): &a\(level) [" + (0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", ") + "]\n"
        }.joined()

    @Test func `anchors, aliases and merges mean what they mean in YAML`() throws {
        let settings = try loadAgent(
            collectorLines + """
                scrape_configs:
                  - &base
                    job_name: a
                    scrape_interval: 5s
                    static_configs: &targets [{targets: ['h:1']}]
                  - {job_name: b, static_configs: *targets}
                  - <<: *base
                    job_name: c
                """)
        #expect(settings.scrapeConfigs.map(\.jobName) == ["a", "b", "c"])
        #expect(settings.scrapeConfigs.map(\.scrapeInterval) == [5000, 60_000, 5000])
        #expect(settings.scrapeConfigs.map { $0.staticConfigs.first?.targets.first?.address } == ["h:1", "h:1", "h:1"])
    }

    @Test func `a bomb of aliases is not followed`() throws {
        let problems = try agentProblems(Self.bomb + "collectors: *a11\n")
        #expect(problems.contains { $0.contains("collector: expected a mapping, found a list") })
    }

    @Test(arguments: [
        "*a11 : x", "? *a11\n: x", "x: {*a11 : x}", "x: {*a11:x}", "x: {*a11}", "x: {*a11, b}", "x: {[*a11]}",
        "x: {[*a11]: x}", "x: [*a11 : x]", "x: [*a11:x]", "x: [? *a11]", "x: [?*a11]", "x: {{a: *a11}: x}",
        "x: {\"a\": 1, *a11 : b}", "x: { !!seq [*a11] : 1}",
    ]) func `a bomb of aliases is no key`(line: String) throws {
        let problems = try agentProblems(Self.bomb + line + "\n")
        #expect(problems.count == 1)
        #expect(problems[0].hasPrefix("13:"))
        #expect(problems[0].contains("expected a word as key") || problems[0].contains("between quotes"))
    }

    @Test func `a small file cannot grow into a great one`() throws {
        // 50 parameters of 25,000 values each, written in 50 kB.
        let values = "[" + String(repeating: "a,", count: 25_000) + "a]"
        let text =
            collectorLines + "scrape_configs:\n  - job_name: a\n    params: {p: &v \(values)"
            + (0..<50).map { ", p\($0): *v" }.joined() + "}\n"
        #expect(
            try agentProblems(text).last
                == "11:17: the file grows too large when its aliases are followed: write less of it with aliases")
    }

    @Test func `a merge of something that is no mapping is told`() throws {
        #expect(
            try agentProblems(collectorLines + "global: {<<: 5}\n")
                == [#"9:14: <<: expected a mapping to merge, found "5""#])
    }
}
