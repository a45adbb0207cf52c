import PrometheusInstrumentation
import TestSupport
import Testing

@Suite("The page")
struct PageTests {
    @Test func `is sorted by name and says what everything means`() throws {
        let registry = MetricsRegistry(selfMetrics: false)
        try registry.gauge("b", help: "Second.").set(2)
        try registry.counter("a_total", help: "First.").increment()
        _ = try registry.gauge("never_used", help: "Unseen.", labels: ["x"])
        #expect(
            page(registry) == """
                # HELP a_total First.
                # TYPE a_total counter
                a_total 1
                # HELP b Second.
                # TYPE b gauge
                b 2

                """)
        var appended = Array("x".utf8)
        registry.render(into: &appended)
        #expect(appended == Array("x".utf8) + registry.render())
        #expect(MetricsRegistry(selfMetrics: false).render().isEmpty)
        #expect(TextFormat.contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test func `escapes what would break a line, and nothing else`() throws {
        let registry = MetricsRegistry(selfMetrics: false)
        try registry.gauge("a", help: "Back\\slash \"quote\"\nnew line", labels: ["x"])["\\ \" \n \r \t \0 é 😀 }"].set(
            1)
        #expect(
            page(registry) == "# HELP a Back\\\\slash \"quote\"\\nnew line\n# TYPE a gauge\n"
                + "a{x=\"\\\\ \\\" \\n \r \t \0 é 😀 }\"} 1\n")
    }

    @Test func `keeps values apart that look the same`() throws {
        let registry = MetricsRegistry()
        let family = try registry.counter("a_total", help: "A.", labels: ["x"])
        family["\u{E9}"].increment()
        family["e\u{301}"].increment(by: 2)
        #expect(family.count == 2)
        #expect(family["\u{E9}"].value == 1)
    }

    @Test(
        "is accepted by promtool without a remark",
        .enabled(if: Promtool.isInstalled, "promtool is missing; Debian has it in the package prometheus"))
    func promtool() throws {
        let registry = MetricsRegistry()
        try registry.register(ProcessCollector())
        try registry.register(BuildInfo(program: "shop", version: "1.2.3", revision: "abc\"\\\n"))
        try registry.counter("shop_requests_total", help: "Requests.\n\\", labels: ["path"])["/\"\\\n\0😀"].increment()
        let gauges = try registry.gauge("shop_level", help: "Level.", labels: ["x"])
        let values = [
            .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 1e21, 0.1, -1e-7, .greatestFiniteMagnitude,
        ]
        for (index, value) in values.enumerated() { gauges["\(index)"].set(value) }
        let histogram = try registry.histogram("shop_latency_seconds", help: "Latency.", labels: ["a"])
        for value in [-1, 0, 0.3, 1e9] { histogram["x"].observe(value) }
        histogram["y"].observe(0.1)
        try registry.gauge("shop_queue_length", help: "Queue.") { 3 }
        let verdict = try Promtool.check(registry.render())
        #expect(verdict.status == 0, "\(verdict.messages)")
        #expect(verdict.messages.isEmpty)
    }

    @Test(
        "is accepted by promtool whatever the label values are",
        .enabled(if: Promtool.isInstalled, "promtool is missing; Debian has it in the package prometheus"),
        arguments: 1...5 as ClosedRange<UInt64>)
    func hostileValues(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let registry = MetricsRegistry()
        let family = try registry.gauge("hostile", help: "Hostile values.", labels: ["b", "a"])
        let alphabet = Array("\"\\\n\r\t\0 {},=#ab\u{301}é😀\u{7F}\u{85}\u{2028}".unicodeScalars)
        for _ in 0..<300 {
            let values = (0..<2).map { _ in
                var value = ""
                for _ in 0..<Int.random(in: 0..<8, using: &generator) {
                    if let scalar = alphabet.randomElement(using: &generator) { value.unicodeScalars.append(scalar) }
                }
                return value
            }
            family[values: values].set(Double(bitPattern: generator.next()))
        }
        let verdict = try Promtool.check(registry.render())
        #expect(verdict.status == 0, "seed \(seed): \(verdict.messages)")
    }
}
