import PrometheusInstrumentation
import Testing

/// Labels as a service would declare them.
private struct RequestLabels: MetricLabels {
    static let labelNames = ["method", "code"]
    var method: String
    var code: Int
    var labelValues: [String] { [method, String(code)] }
}

@Suite("Labelled families")
struct FamilyTests {
    @Test func `series are kept apart by their values and shown by label name`() throws {
        let registry = MetricsRegistry(selfMetrics: false)
        let family = try registry.counter("a_total", help: "A.", labels: ["method", "code"])
        family["POST", "200"].increment(by: 2)
        family["GET", "500"].increment()
        family["GET", "200"].increment(by: 3)
        family["GET", "200"].increment()
        #expect(
            page(registry) == """
                # HELP a_total A.
                # TYPE a_total counter
                a_total{code="200",method="GET"} 4
                a_total{code="200",method="POST"} 2
                a_total{code="500",method="GET"} 1

                """)
        #expect(family.count == 3)
    }

    @Test func `typed labels name the same series as their values`() throws {
        let registry = MetricsRegistry()
        let typed = try registry.counter("a_total", help: "A.", labels: RequestLabels.self)
        let dynamic = try registry.counter("a_total", help: "A.", labels: ["method", "code"])
        typed[RequestLabels(method: "GET", code: 200)].increment()
        #expect(dynamic["GET", "200"].value == 1)
        #expect(typed.delete(RequestLabels(method: "GET", code: 200)))
        #expect(dynamic.count == 0)
        try registry.gauge("b", help: "B.", labels: RequestLabels.self)[.init(method: "x", code: 1)].set(1)
        try registry.histogram("c", help: "C.", labels: RequestLabels.self)[.init(method: "x", code: 1)].observe(1)
        #expect(sample("c_count{code=\"1\",method=\"x\"}", registry) == "1")
        #expect(sample("c_bucket{code=\"1\",method=\"x\",le=\"2.5\"}", registry) == "1")
    }

    @Test func `the wrong number of values is counted and harms nothing`() throws {
        let registry = MetricsRegistry()
        let family = try registry.counter("a_total", help: "A.", labels: ["x"])
        family[].increment()
        family["1", "2"].increment()
        #expect(!family.delete("1", "2"))
        #expect(family.count == 0)
        #expect(misuse("label_count", registry) == "3")
        #expect(!page(registry).contains("\na_total"))
    }

    @Test func `beyond the limit counts are joined in one series and gauges are not shown`() throws {
        let registry = MetricsRegistry()
        let limits = SeriesLimits(maxSeries: 2)
        let counters = try registry.counter("a_total", help: "A.", labels: ["x", "y"], limits: limits)
        let histograms = try registry.histogram("h", help: "H.", labels: ["x"], limits: limits)
        let gauges = try registry.gauge("g", help: "G.", labels: ["x"], limits: limits)
        for index in 0..<5 {
            counters["\(index)", "z"].increment()
            histograms["\(index)"].observe(1)
            gauges["\(index)"].set(1)
        }
        counters["0", "z"].increment()
        #expect(sample("a_total{x=\"0\",y=\"z\"}", registry) == "2")
        #expect(sample("a_total{x=\"_overflow\",y=\"_overflow\"}", registry) == "3")
        #expect(sample("h_count{x=\"_overflow\"}", registry) == "3")
        #expect(counters.count == 3 && histograms.count == 3 && gauges.count == 2)
        #expect(misuse("series_limit", registry) == "9")
        // What is deleted makes room.
        #expect(gauges.delete("0"))
        gauges["9"].set(9)
        #expect(sample("g{x=\"9\"}", registry) == "9")
        #expect(SeriesLimits(maxSeries: -5).maxSeries == 1)
    }

    @Test func `deleted series leave the page and begin again from zero`() throws {
        let registry = MetricsRegistry()
        let family = try registry.counter("a_total", help: "A.", labels: ["agent", "reason"])
        for agent in ["a", "b"] {
            for reason in ["x", "y"] { family[agent, reason].increment() }
        }
        let kept = family["a", "x"]
        #expect(page(registry).contains("a_total{agent=\"a\",reason=\"x\"} 1"))
        #expect(family.delete("a", "x"))
        #expect(!family.delete("a", "x"))
        kept.increment()
        #expect(sample("a_total{agent=\"a\",reason=\"x\"}", registry) == nil)
        #expect(family["a", "x"].value == 0)
        #expect(family.delete(matching: ["agent": "a"]) == 2)
        #expect(family.delete(matching: ["agent": "b", "reason": "z"]) == 0)
        #expect(family.delete(matching: ["unknown": "b"]) == 0)
        #expect(family.count == 2)
        family.deleteAll()
        #expect(!page(registry).contains("a_total"))
    }

    @Test func `closures give values when the page is made`() throws {
        let registry = MetricsRegistry()
        let source = try MetricsRegistry().gauge("source", help: "S.")
        try registry.gauge("a", help: "A.") { source.value }
        try registry.counter("b_total", help: "B.", labels: ["x"]) {
            [(["2"], 2), (["1"], source.value), (["1"], 9), ([], 9), (["n"], .nan), (["m"], -1)]
        }
        source.set(5)
        #expect(sample("a", registry) == "5")
        #expect(sample("b_total{x=\"1\"}", registry) == "5")
        #expect(sample("b_total{x=\"2\"}", registry) == "2")
        let fresh = MetricsRegistry()
        try fresh.counter("b_total", help: "B.", labels: ["x"], limits: SeriesLimits(maxSeries: 3)) {
            [(["2"], 2), (["1"], 1), (["1"], 9), ([], 9), (["n"], .nan), (["m"], -1), (["3"], 3), (["4"], 4)]
        }
        #expect(misuse("duplicate_series", fresh) == "1")
        // The counts are those of all pages so far.
        #expect(misuse("label_count", fresh) == "2")
        #expect(misuse("series_limit", fresh) == "3")
        #expect(page(fresh).split(separator: "\n").filter { $0.hasPrefix("b_total") }.count == 3)
    }
}
