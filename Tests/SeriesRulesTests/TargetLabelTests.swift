import Relabeling
import SeriesRules
import Testing

/// Which rules make it necessary that the reader lets the body's labels win.
@Suite struct TargetLabelTests {
    private let labels = Labels([("instance", "i"), ("job", "j")])

    @Test func `rules that write or remove a target's label are told from those that cannot`() throws {
        let touching: [RelabelRule] = [
            try .make(target: "job", replacement: "x"), try .make(source: ["a"], regex: "(.*)", target: "$1"),
            try .make(source: ["a"], target: "jo$1"), try .make(.lowercase, source: ["a"], target: "instance"),
            try .make(.hashmod, source: ["a"], target: "job", modulus: 2), try .make(.labeldrop, regex: "j.*"),
            try .make(.labelkeep, regex: "__name__|job"), try .make(.labelmap, regex: "exported_(.+)"),
        ]
        for rule in touching {
            #expect(SeriesRules.touchesTargetLabels([rule], labels), "\(rule.fields)")
        }
        let others: [RelabelRule] = [
            try .make(.drop, source: ["job"], regex: "x"), try .make(.keep, source: ["job"], regex: "x"),
            try .make(.keepequal, source: ["job"], target: "instance"), try .make(source: ["job"], target: "service"),
            try .make(source: ["a"], target: "x_$1"), try .make(.labeldrop, regex: "exported_job"),
            try .make(.labelkeep, regex: "__name__|job|instance|le"),
            try .make(.uppercase, source: ["job"], target: "J"),
            try .make(.labelmap, regex: "(.+)", replacement: "k_$1"),
        ]
        #expect(!SeriesRules.touchesTargetLabels(others, labels))
        #expect(!SeriesRules.touchesTargetLabels(touching, Labels()))
        #expect(!SeriesRules.touchesTargetLabels([], labels))
    }
}
