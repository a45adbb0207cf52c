import Foundation
import PrometheusInstrumentation
import Testing

/// A collector made of a closure.
private struct TestCollector: Collector {
    var descriptors: [MetricDescriptor] = []
    var body: @Sendable (inout MetricSink) throws -> Void

    func collect(into sink: inout MetricSink) throws { try body(&sink) }
}

private struct Failure: Error {}

private let depth = MetricDescriptor("depth", help: "Depth.", type: .gauge, labels: ["queue"])
private let done = MetricDescriptor("done_total", help: "Done.", type: .counter)

@Suite("Collectors")
struct CollectorTests {
    @Test func `appear on the page with what they describe`() throws {
        let registry = MetricsRegistry()
        try registry.register(
            TestCollector(descriptors: [depth, done, depth]) { sink in
                sink.append(depth, labels: ["b"], 2)
                sink.append(depth, labels: ["a"], 1)
                sink.append(done, 3)
            })
        #expect(page(registry).contains("# TYPE depth gauge\ndepth{queue=\"a\"} 1\ndepth{queue=\"b\"} 2\n"))
        #expect(sample("done_total", registry) == "3")
    }

    @Test func `reserve their names`() throws {
        let registry = MetricsRegistry()
        let collector = TestCollector(descriptors: [depth, done]) { _ in }
        try registry.register(collector)
        expectRefusal(.alreadyRegistered) { () throws(RegistrationError) in try registry.register(collector) }
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            _ = try registry.gauge("depth", help: "Other.")
        }
        let clash = MetricDescriptor("client_misuse_total", help: "Mine.", type: .counter)
        expectRefusal(.conflictingDefinition) { () throws(RegistrationError) in
            try registry.register(TestCollector(descriptors: [clash]) { _ in })
        }
        expectRefusal(.collidingName) { () throws(RegistrationError) in
            _ = try MetricsRegistry().register(
                TestCollector(descriptors: [
                    MetricDescriptor("h", help: "H.", type: .histogram),
                    MetricDescriptor("h_sum", help: "H.", type: .gauge),
                ]) { _ in })
        }
        expectRefusal(.invalidName) { () throws(RegistrationError) in
            try registry.register(
                TestCollector(descriptors: [MetricDescriptor("a b", help: "", type: .gauge)]) { _ in })
        }
        #expect(registry.unregister("depth"))
        try registry.register(collector)
    }

    @Test func `that throw cost nothing but their own metrics`() throws {
        let registry = MetricsRegistry()
        try registry.gauge("fine", help: "Fine.").set(1)
        try registry.register(
            TestCollector(descriptors: [depth]) { sink in
                sink.append(depth, labels: ["a"], 1)
                throw Failure()
            })
        #expect(sample("fine", registry) == "1")
        #expect(!page(registry).contains("depth"))
        #expect(misuse("collector_failed", registry) == "3")
    }

    @Test func `that contradict themselves lose only the samples that do`() throws {
        let registry = MetricsRegistry()
        try registry.register(
            TestCollector(descriptors: [depth]) { sink in
                sink.append(depth, labels: ["a"], 1)
                sink.append(depth, labels: ["a"], 2)
                sink.append(depth, labels: [], 3)
                sink.append(done, 4)
                sink.append(
                    MetricDescriptor("depth", help: "Other.", type: .gauge, labels: ["queue"]), labels: ["b"], 5)
            })
        let text = page(registry)
        #expect(text.contains("depth{queue=\"a\"} 1\n"))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("depth") || $0.hasPrefix("done") }.count == 1)
        #expect(text.contains("reason=\"duplicate_series\"} 1"))
        #expect(text.contains("reason=\"label_count\"} 1"))
        #expect(text.contains("reason=\"inconsistent_metric\"} 2"))
    }

    @Test func `that describe nothing may append what nobody else has`() throws {
        let registry = MetricsRegistry()
        try registry.gauge("taken", help: "Taken.").set(1)
        _ = try registry.histogram("h", help: "H.")
        for queue in ["b", "a"] {
            try registry.register(
                TestCollector { sink in
                    sink.append(depth, labels: [queue], 1)
                    sink.append(MetricDescriptor("taken", help: "Taken.", type: .gauge), 2)
                    sink.append(MetricDescriptor("h_sum", help: "Sum.", type: .gauge), 2)
                    sink.append(MetricDescriptor("a b", help: "Bad.", type: .gauge), 2)
                    sink.append(MetricDescriptor("s", help: "S.", type: .summary), 2)
                })
        }
        let text = page(registry)
        #expect(text.contains("# TYPE depth gauge\ndepth{queue=\"a\"} 1\ndepth{queue=\"b\"} 1\n"))
        #expect(text.contains("\ntaken 1\n") && !text.contains("taken 2"))
        #expect(!text.contains("h_sum 2"))
        #expect(text.contains("reason=\"inconsistent_metric\"} 8"))
    }

    @Test func `may use the registry while they are asked`() throws {
        let registry = MetricsRegistry()
        try registry.register(
            TestCollector { sink in
                let calls = try registry.counter("calls_total", help: "Calls.")
                calls.increment()
                sink.append(depth, labels: ["x"], calls.value)
            })
        #expect(sample("depth{queue=\"x\"}", registry) == "1")
        #expect(sample("calls_total", registry) == "1")
    }

    @Test func `a sink by itself makes a page`() {
        var sink = MetricSink()
        sink.append(done, 1)
        sink.append(depth, labels: ["\""], 2)
        var output: [UInt8] = []
        sink.render(into: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "# HELP depth Depth.\n# TYPE depth gauge\ndepth{queue=\"\\\"\"} 2\n"
                + "# HELP done_total Done.\n# TYPE done_total counter\ndone_total 1\n")
    }
}
