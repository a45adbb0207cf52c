import Relabeling
import Testing

struct LabelsTests {
    @Test func `labels are sorted and unique and never empty`() {
        let labels = Labels([("b", "1"), ("a", "2"), ("b", "3"), ("c", ""), ("", "x"), ("a", "")])
        #expect(labels.pairs.map(\.name) == ["", "b"])
        #expect(labels["b"] == "3")
        #expect(labels["a"] == nil)
    }

    @Test func `an empty value and nil remove a label`() {
        var labels = Labels([("a", "1"), ("b", "2")])
        labels["a"] = ""
        labels["b"] = nil
        #expect(labels.isEmpty)
        #expect(labels == Labels())
    }

    @Test func `equality does not depend on the order of construction`() {
        let one = Labels([("job", "node"), ("instance", "h:1")])
        let other = Labels([("instance", "h:1"), ("job", "node")])
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
        #expect(one.description == #"{instance="h:1", job="node"}"#)
    }

    @Test func `values that only look equal stay two`() {
        let composed = Labels([("a", "\u{e9}")])
        let decomposed = Labels([("a", "e\u{301}")])
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func `upper case sorts before lower case as bytes do`() {
        #expect(Labels([("a", "1"), ("B", "1"), ("_", "1")]).pairs.map(\.name) == ["B", "_", "a"])
    }

    @Test(arguments: ["a", "_", "A1_", "__x", "job"]) func `label names as Prometheus takes them`(name: String) {
        #expect(Labels.isValidName(name))
    }

    @Test(arguments: ["", "1a", "a-b", "a.b", "é", "a b", "a:b", "a\n"]) func `other names are refused`(name: String) {
        #expect(!Labels.isValidName(name))
    }
}
