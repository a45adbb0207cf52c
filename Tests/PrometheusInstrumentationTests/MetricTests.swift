import PrometheusInstrumentation
import Testing

@Suite("Metrics")
struct MetricTests {
    @Test func `a counter adds whole and fractional amounts`() throws {
        let counter = try MetricsRegistry().counter("a_total", help: "A.")
        counter.increment()
        counter.increment(by: 2)
        counter.increment(by: 0.5)
        counter.increment(by: 0)
        #expect(counter.value == 3.5)
    }

    @Test func `a counter ignores and counts what would spoil it`() throws {
        let registry = MetricsRegistry()
        let counter = try registry.counter("a_total", help: "A.")
        counter.increment(by: 1)
        counter.increment(by: -1)
        counter.increment(by: -0.5)
        counter.increment(by: Int.min)
        counter.increment(by: Double.nan)
        counter.increment(by: Double.infinity)
        #expect(counter.value == 1)
        #expect(misuse("negative_increment", registry) == "3")
        #expect(misuse("not_finite", registry) == "2")
    }

    @Test func `a counter never runs over`() throws {
        let counter = try MetricsRegistry().counter("a_total", help: "A.")
        for _ in 0..<10 { counter.increment(by: Int.max) }
        #expect(counter.value == 10 * Double(Int.max))
        counter.increment(by: Double.greatestFiniteMagnitude)
        counter.increment(by: Double.greatestFiniteMagnitude)
        #expect(counter.value == .infinity)
    }

    @Test func `a gauge goes up and down and takes any double`() throws {
        let registry = MetricsRegistry()
        let gauge = try registry.gauge("a", help: "A.")
        gauge.set(5)
        gauge.increment()
        gauge.decrement(by: 2.5)
        #expect(gauge.value == 3.5)
        for (value, text) in [(Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-0.0, "0")] {
            gauge.set(value)
            #expect(sample("a", registry) == text)
        }
        gauge.setToCurrentTime()
        #expect(gauge.value > 1_600_000_000)
    }

    @Test func `a histogram counts a value in every bucket that reaches it`() throws {
        let registry = MetricsRegistry()
        let histogram = try registry.histogram("a", help: "A.", buckets: [-1, 0, 0.5])
        for value in [-2, -1, 0, 0.25, 0.5, 0.75] { histogram.observe(value) }
        #expect(
            page(registry).hasPrefix(
                """
                # HELP a A.
                # TYPE a histogram
                a_bucket{le="-1"} 2
                a_bucket{le="0"} 3
                a_bucket{le="0.5"} 5
                a_bucket{le="+Inf"} 6
                a_sum -1.5
                a_count 6

                """))
    }

    @Test func `a histogram takes durations as seconds, negative ones too, and ignores what is no number`() throws {
        let registry = MetricsRegistry()
        let histogram = try registry.histogram("a", help: "A.")
        histogram.observe(.milliseconds(1500))
        histogram.observe(.milliseconds(-5))
        histogram.observe(Duration.seconds(Int64.max))
        histogram.observe(Duration.seconds(Int64.min))
        #expect(histogram.count == 4)
        for value in [Double.nan, .infinity, -.infinity] { histogram.observe(value) }
        #expect(histogram.count == 4)
        #expect(histogram.sum.isFinite)
        #expect(misuse("not_finite", registry) == "3")
    }

    @Test func `a histogram times closures, whether they return or throw`() async throws {
        struct Failure: Error {}
        let histogram = try MetricsRegistry().histogram("a", help: "A.")
        #expect(histogram.time { 7 } == 7)
        #expect(throws: Failure.self) { try histogram.time { throw Failure() } }
        await histogram.time { await Task.yield() }
        #expect(histogram.count == 3)
    }

    @Test func `nothing is lost when eight tasks write, and every page agrees with itself`() async throws {
        let registry = MetricsRegistry()
        let counter = try registry.counter("c_total", help: "C.")
        let fractional = try registry.counter("f_total", help: "F.")
        let gauge = try registry.gauge("g", help: "G.")
        let histogram = try registry.histogram("h", help: "H.", buckets: [1, 2, 3])
        let family = try registry.counter("l_total", help: "L.", labels: ["x"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<5_000 {
                        counter.increment()
                        fractional.increment(by: 0.5)
                        gauge.increment()
                        histogram.observe(Double(round % 4))
                        family["\(round % 7)"].increment()
                        if task == 0, round % 100 == 0 { family.delete("none") }
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 {
                    let page = page(registry)
                    let lines = page.split(separator: "\n")
                    let infinite = try #require(lines.first { $0.hasPrefix("h_bucket{le=\"+Inf\"}") })
                    let count = try #require(lines.first { $0.hasPrefix("h_count") })
                    #expect(infinite.split(separator: " ").last == count.split(separator: " ").last)
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.value == 40_000)
        #expect(fractional.value == 20_000)
        #expect(gauge.value == 40_000)
        #expect(histogram.count == 40_000)
        #expect(histogram.sum == 60_000)
        #expect((0..<7).reduce(0) { $0 + family["\($1)"].value } == 40_000)
    }
}
