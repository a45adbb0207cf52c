import Relabeling
import Testing

struct StampTests {
    @Test func `stamps are added`() {
        let labels = Labels([("job", "node")]).stamped(with: Labels([("agent", "a"), ("vpc", "x")]))
        #expect(labels == Labels([("agent", "a"), ("job", "node"), ("vpc", "x")]))
    }

    @Test func `a label that collides with a stamp becomes exported`() {
        let labels = Labels([("agent", "mine"), ("job", "node")]).stamped(with: Labels([("agent", "a")]))
        #expect(labels == Labels([("agent", "a"), ("exported_agent", "mine"), ("job", "node")]))
    }

    @Test func `the prefix is repeated until the name is free`() {
        let labels = Labels([("agent", "1"), ("exported_agent", "2")]).stamped(with: Labels([("agent", "a")]))
        #expect(
            labels == Labels([("agent", "a"), ("exported_agent", "2"), ("exported_exported_agent", "1")]))
    }

    @Test func `the shortest name is resolved first`() {
        // As in Prometheus: foo takes exported_foo's next free name only because a stamp holds exported_foo.
        let labels = Labels([("foo", "1"), ("exported_foo", "2")])
            .stamped(with: Labels([("foo", "s"), ("exported_foo", "t")]))
        #expect(
            labels
                == Labels([
                    ("foo", "s"), ("exported_foo", "t"), ("exported_exported_foo", "1"),
                    ("exported_exported_exported_foo", "2"),
                ]))
    }

    @Test func `no stamps change nothing`() {
        let labels = Labels([("a", "b")])
        #expect(labels.stamped(with: Labels()) == labels)
    }
}
