import Testing

@testable import Relabeling

/// What each action does, by the edges that Prometheus documents or tests.
@Suite struct RelabelRuleTests {
    private func rule(_ change: (inout RelabelRule.Fields) -> Void) throws -> RelabelRule {
        var fields = RelabelRule.Fields()
        change(&fields)
        return try RelabelRule(fields)
    }

    /// The labels after the rule; nil when they are dropped.
    private func apply(
        _ labels: KeyValuePairs<String, String>, _ change: (inout RelabelRule.Fields) -> Void
    ) throws -> Labels? {
        var labels = Labels(labels.map { ($0.key, $0.value) })
        return try rule(change).apply(to: &labels) ? labels : nil
    }

    private func labels(_ pairs: KeyValuePairs<String, String>) -> Labels { Labels(pairs.map { ($0.key, $0.value) }) }

    @Test func `replace takes groups of the joined source labels`() throws {
        let result = try apply(["a": "foo", "b": "bar", "c": "baz"]) {
            $0.sourceLabels = ["a", "b"]
            $0.regex = "f(.*);(.*)r"
            $0.targetLabel = "a"
            $0.replacement = "b${1}${2}m"
        }
        #expect(result == labels(["a": "boobam", "b": "bar", "c": "baz"]))
    }

    @Test func `replace without a match changes nothing, and an empty replacement deletes`() throws {
        #expect(
            try apply(["a": "foo"]) {
                $0.sourceLabels = ["a"]
                $0.regex = "fo"
                $0.targetLabel = "a"
            } == labels(["a": "foo"]), "the expression must match the whole")
        #expect(
            try apply(["a": "foo", "f": "x"]) {
                $0.sourceLabels = ["a"]
                $0.regex = ".*(x*).*"
                $0.targetLabel = "f"
            } == labels(["a": "foo"]))
    }

    @Test func `a missing source label is empty, so the default sets a constant`() throws {
        #expect(
            try apply(["a": "1"]) {
                $0.targetLabel = "zone"
                $0.replacement = "north"
            } == labels(["a": "1", "zone": "north"]))
    }

    @Test func `the target label may come from groups, and one without a name changes nothing`() throws {
        #expect(
            try apply(["a": "some-name-value"]) {
                $0.sourceLabels = ["a"]
                $0.regex = "some-([^-]+)-([^,]+)"
                $0.targetLabel = "${1}"
                $0.replacement = "${2}"
            } == labels(["a": "some-name-value", "name": "value"]))
        #expect(
            try apply(["a": "some-name-value"]) {
                $0.sourceLabels = ["a"]
                $0.regex = "some-([^-]+)-([^,]+)"
                $0.targetLabel = "${3}"
                $0.replacement = "${2}"
            } == labels(["a": "some-name-value"]))
    }

    @Test func `a dot takes line feeds, and groups take what Go says`() throws {
        #expect(
            try apply(["a": "x\ny"]) {
                $0.sourceLabels = ["a"]
                $0.regex = "x.(?P<rest>y)"
                $0.targetLabel = "b"
                $0.replacement = "$rest$$1${1}x$1x$"
            } == labels(["a": "x\ny", "b": "y$1yx$"]))
    }

    @Test func `keep and drop look at the whole value`() throws {
        for (action, regex, isKept) in [
            (RelabelAction.keep, "foo", true), (.keep, "fo", false), (.drop, "foo", false), (.drop, ".*o.*", false),
            (.drop, "o", true), (.keep, "no-match", false), (.keep, "f|foo|x", true),
        ] {
            let result = try apply(["a": "foo"]) {
                $0.action = action
                $0.sourceLabels = ["a"]
                $0.regex = regex
            }
            #expect((result != nil) == isKept, "\(action) \(regex)")
        }
    }

    @Test func `keepequal and dropequal compare bytes`() throws {
        for (target, keeps) in [("main", true), ("other", false), ("missing", false)] {
            for action in [RelabelAction.keepequal, .dropequal] {
                let result = try apply(["a": "main", "main": "main", "other": "else"]) {
                    $0.action = action
                    $0.sourceLabels = ["a"]
                    $0.targetLabel = target
                }
                #expect((result != nil) == (keeps == (action == .keepequal)), "\(action) \(target)")
            }
        }
        let composed = try apply(["a": "\u{e9}", "b": "e\u{301}"]) {
            $0.action = .keepequal
            $0.sourceLabels = ["a"]
            $0.targetLabel = "b"
        }
        #expect(composed == nil, "canonically equivalent is not equal")
    }

    @Test func `hashmod takes the last eight bytes of the MD5`() throws {
        // From relabel_test.go: modulus 1000 of "baz" is 976, of "foo\nbar" is 734.
        for (value, expected) in [("baz", "976"), ("foo\nbar", "734")] {
            #expect(
                try apply(["c": value]) {
                    $0.action = .hashmod
                    $0.sourceLabels = ["c"]
                    $0.targetLabel = "d"
                    $0.modulus = 1000
                } == labels(["c": value, "d": expected]))
        }
    }

    @Test func `labelmap copies under new names, labeldrop and labelkeep look at names`() throws {
        #expect(
            try apply(["a": "foo", "b1": "bar", "b2": "baz"]) {
                $0.action = .labelmap
                $0.regex = "(b.*)"
                $0.replacement = "meta_${1}_x"
            } == labels(["a": "foo", "b1": "bar", "b2": "baz", "meta_b1_x": "bar", "meta_b2_x": "baz"]))
        #expect(
            try apply(["a": "foo", "b1": "bar", "b2": "baz"]) {
                $0.action = .labeldrop
                $0.regex = "(b.*)"
            } == labels(["a": "foo"]))
        #expect(
            try apply(["a": "foo", "b1": "bar", "b2": "baz"]) {
                $0.action = .labelkeep
                $0.regex = "(b.*)"
            } == labels(["b1": "bar", "b2": "baz"]))
    }

    @Test(arguments: [
        ("ABC def", "abc def", "ABC DEF"), ("Straße", "straße", "STRAßE"), ("İI", "ii", "İI"),
        ("\u{1f80}", "\u{1f80}", "\u{1f88}"), ("ǆ", "ǆ", "Ǆ"),
    ])
    func `upper and lower case go character by character`(text: String, lower: String, upper: String) throws {
        for (action, expected) in [(RelabelAction.lowercase, lower), (.uppercase, upper)] {
            #expect(
                try apply(["a": text]) {
                    $0.action = action
                    $0.sourceLabels = ["a"]
                    $0.targetLabel = "b"
                } == labels(["a": text, "b": expected]))
        }
    }

    @Test func `rules run in order on one set, and a drop ends them`() throws {
        let rules = [
            try rule {
                $0.sourceLabels = ["a"]
                $0.targetLabel = "b"
            },
            try rule {
                $0.action = .keep
                $0.sourceLabels = ["b"]
                $0.regex = "x"
            },
            try rule {
                $0.action = .labeldrop
                $0.regex = "a"
            },
        ]
        var kept = labels(["a": "x"])
        #expect(rules.apply(to: &kept) && kept == labels(["b": "x"]))
        var dropped = labels(["a": "y"])
        #expect(!rules.apply(to: &dropped))
    }

    @Test func `actions are named in any case`() {
        #expect(RelabelAction(name: "LabelMap") == .labelmap)
        #expect(RelabelAction(name: "labelmapp") == nil)
    }
}
