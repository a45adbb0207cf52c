import Relabeling
import Settings
import Testing

/// `relabel_configs` in a file: what is read, and what is refused where.
struct RelabelConfigTests {
    private func rules(_ text: String) throws -> [RelabelRule.Fields] {
        let job = "scrape_configs:\n  - job_name: a\n    relabel_configs: \(text)\n"
        return try #require(try loadAgent(collectorLines + job).scrapeConfigs.first).relabelConfigs.map(\.fields)
    }

    @Test func `what a rule leaves out is as in Prometheus`() throws {
        let fields = try #require(try rules("[{target_label: b}]").first)
        var expected = RelabelRule.Fields()
        expected.targetLabel = "b"
        #expect(fields == expected)
        #expect(fields.separator == ";" && fields.regex == "(.*)" && fields.replacement == "$1")
    }

    @Test func `every field is read, in order`() throws {
        let found = try rules(
            """
            [{action: HashMod, source_labels: [a, b], separator: "", modulus: 8, target_label: __tmp},
                 {action: keep, source_labels: [__tmp], regex: 3}, {regex: "", target_label: x, replacement: ""}]
            """)
        #expect(found.map(\.action) == [.hashmod, .keep, .replace])
        #expect(found[0].sourceLabels == ["a", "b"] && found[0].separator.isEmpty && found[0].modulus == 8)
        #expect(found[1].regex == "3")
        #expect(found[2].regex.isEmpty && found[2].replacement.isEmpty)
    }

    @Test(arguments: [
        (
            "[{action: explode}]",
            #"12:32: action: expected replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, "#
                + #"labelkeep, lowercase, uppercase, found "explode""#
        ), ("[{regex: '('}]", "12:31: regex: error parsing regexp: missing ): ^(?s:()$"),
        ("[{action: replace}]", "12:23: target_label: required for the action replace"),
        (
            "[{action: hashmod, target_label: a, modulus: -1}]",
            #"12:67: modulus: expected a whole number above 0, found "-1""#
        ),
        (
            "[{action: labeldrop, regex: a, separator: x}]",
            "12:64: separator: the action labeldrop takes regex and no other field"
        ),
        (
            "[{target_label: a, source_label: b}]",
            #"12:41: relabel_config: unknown key "source_label", did you mean source_labels?"#
        ),
        (
            "[~]",
            "12:23: relabel_configs: expected a list of rules, each with action, source_labels and so on, found an empty element"
        ),
        (
            "{a: b}",
            "12:22: relabel_configs: expected a list of rules, each with action, source_labels and so on, found a mapping"
        ),
    ]) func `a wrong rule is refused where it is wrong`(text: String, problem: String) throws {
        let found = try agentProblems(
            collectorLines + "scrape_configs:\n  - job_name: a\n    honor_labels: false\n    relabel_configs: \(text)\n"
        )
        #expect(found == [problem])
    }

    @Test func `rules may make addresses of targets that are none`() throws {
        let job = "scrape_configs:\n  - job_name: a\n    static_configs: [{targets: ['https://example.com/x']}]\n"
        #expect(!(try agentProblems(collectorLines + job)).isEmpty)
        let rule = "    relabel_configs: [{target_label: __address__, replacement: 'h:9115'}]\n"
        #expect(try agentProblems(collectorLines + job + rule) == [])
    }
}
