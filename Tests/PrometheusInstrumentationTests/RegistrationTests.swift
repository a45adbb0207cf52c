import PrometheusInstrumentation
import Testing

@Suite("Registration")
struct RegistrationTests {
    @Test func `an identical registration gives the same series`() throws {
        let registry = MetricsRegistry()
        try registry.counter("a_total", help: "A.").increment()
        try registry.counter("a_total", help: "A.").increment()
        #expect(sample("a_total", registry) == "2")
        try registry.gauge("b", help: "B.", labels: ["x"])["1"].set(3)
        #expect(try registry.gauge("b", help: "B.", labels: ["x"])["1"].value == 3)
        try registry.histogram("c", help: "C.", buckets: [1, 2]).observe(1)
        #expect(try registry.histogram("c", help: "C.", buckets: [1, 2, .infinity]).count == 1)
    }

    @Test func `a contradicting one is refused`() throws {
        let registry = MetricsRegistry()
        _ = try registry.gauge("a", help: "A.", labels: ["x", "y"])
        _ = try registry.histogram("h", help: "H.", buckets: [1])
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.gauge("a", help: "Another.", labels: ["x", "y"])
        }
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.histogram("a", help: "A.", labels: ["x", "y"])
        }
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.gauge("a", help: "A.", labels: ["x"])
        }
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.gauge("a", help: "A.", labels: ["y", "x"])
        }
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.histogram("h", help: "H.", buckets: [1, 2])
        }
    }

    @Test(
        "names that break the data model are refused",
        arguments: ["", "1a", "a-b", "a b", "é", "a\n", "a{", "a\"b", "a.b"])
    func badName(name: String) {
        expectRefusal(.invalidName) { () throws(RegistrationError) in
            _ = try MetricsRegistry().gauge(name, help: "H.")
        }
    }

    @Test("label names that break the data model are refused", arguments: ["", "1a", "a:b", "__a", "a b", "é", "le"])
    func badLabel(label: String) {
        expectRefusal(.invalidLabelName) { () throws(RegistrationError) in
            _ = try MetricsRegistry().histogram("a", help: "H.", labels: [label])
        }
    }

    @Test func `a label twice is refused, and so is a counter not named as one`() {
        let registry = MetricsRegistry()
        expectRefusal(.invalidLabelName) { () throws(RegistrationError) in
            _ = try registry.gauge("a", help: "H.", labels: ["x", "x"])
        }
        expectRefusal(.invalidName) { () throws(RegistrationError) in _ = try registry.counter("a", help: "H.") }
    }

    @Test(
        "buckets that do not increase are refused",
        arguments: [
            [2, 1], [1, 1], [.nan], [1, .nan], [.infinity, 1], [-.infinity, 1], [.infinity, .infinity], [0, -0.0],
        ] as [[Double]])
    func badBuckets(bounds: [Double]) {
        expectRefusal(.invalidBuckets) { () throws(RegistrationError) in
            _ = try MetricsRegistry().histogram("a", help: "H.", buckets: HistogramBuckets(bounds))
        }
    }

    @Test("computed buckets of a senseless number are refused", arguments: [0, -1, 1_001, Int.max, Int.min])
    func badBucketCount(count: Int) {
        for buckets in [
            HistogramBuckets.linear(start: 0, width: 1, count: count),
            .exponential(start: 1, factor: 2, count: count),
        ] {
            expectRefusal(.invalidBuckets) { () throws(RegistrationError) in
                _ = try MetricsRegistry().histogram("a", help: "H.", buckets: buckets)
            }
        }
    }

    @Test func `computed buckets are the numbers asked for`() throws {
        #expect(HistogramBuckets.linear(start: 1, width: 2, count: 3).upperBounds == [1, 3, 5])
        #expect(HistogramBuckets.exponential(start: 1, factor: 10, count: 3).upperBounds == [1, 10, 100])
        expectRefusal(.invalidBuckets) { () throws(RegistrationError) in
            _ = try MetricsRegistry().histogram(
                "a", help: "H.", buckets: .exponential(start: 1, factor: 1e200, count: 3))
        }
    }

    @Test("samples of two families must not share a name", arguments: ["h_bucket", "h_count", "h_sum"])
    func suffixes(name: String) throws {
        let histogramFirst = MetricsRegistry()
        _ = try histogramFirst.histogram("h", help: "H.")
        expectRefusal(.collidingName) { () throws(RegistrationError) in
            _ = try histogramFirst.gauge(name, help: "G.")
        }
        let gaugeFirst = MetricsRegistry()
        _ = try gaugeFirst.gauge(name, help: "G.")
        expectRefusal(.collidingName) { () throws(RegistrationError) in
            _ = try gaugeFirst.histogram("h", help: "H.")
        }
        // Without a histogram the name is an ordinary one.
        _ = try gaugeFirst.gauge("h", help: "H.")
    }

    @Test func `what a closure gives cannot be registered twice`() throws {
        let registry = MetricsRegistry()
        try registry.gauge("a", help: "A.") { 1 }
        expectRefusal(.alreadyRegistered) { () throws(RegistrationError) in try registry.gauge("a", help: "A.") { 2 } }
        expectRefusal(.alreadyRegistered) { () throws(RegistrationError) in _ = try registry.gauge("a", help: "A.") }
        #expect(sample("a", registry) == "1")
    }

    @Test func `an unregistered name is free again`() throws {
        let registry = MetricsRegistry()
        let old = try registry.gauge("a", help: "A.")
        #expect(registry.unregister("a"))
        #expect(!registry.unregister("a"))
        old.set(1)
        #expect(sample("a", registry) == nil)
        try registry.counter("b_total", help: "B.") { 7 }
        #expect(registry.unregister("b_total"))
        try registry.counter("b_total", help: "Another.", labels: ["x"])["1"].increment()
        #expect(sample("b_total{x=\"1\"}", registry) == "1")
    }

    @Test func `an error names the metric and what is wrong`() {
        do throws(RegistrationError) {
            _ = try MetricsRegistry().gauge("a", help: "A.", labels: ["b-c"])
        } catch {
            #expect(error.metric == "a")
            #expect("\(error)".contains("`a`") && "\(error)".contains("`b-c`"))
        }
    }
}
