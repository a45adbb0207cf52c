import Foundation
import TestSupport
import Testing

/// A plain Prometheus that reads history misses nothing of an outage.
@Suite(.onStage) struct HistoryTests {
    /// What ends in the middle, and comes back.
    enum Outage: String, Sendable, CaseIterable {
        case tunnel, collector, prometheus
    }

    /// Seconds of outage; an agent at one scrape a second takes as many scrapes meanwhile.
    private static let outage = Peers.isSoak ? 60 : 12

    @Test(.needs(Peers.prometheus), arguments: Outage.allCases)
    func `after an outage Prometheus has every scrape at its own time`(_ outage: Outage) async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        var options = Collector.Options()
        options.readers = ["{name: prom}"]
        let collector = try await Collector.start(options)
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(
            .init(collectorPort: relay.port, jobs: [Job("one", exporter.address)]))
        try await collector.get(try await collector.path(["job": "one"]), until: 200)
        var prometheus = try await PrometheusServer.start(
            """
            global: {scrape_interval: 5s, scrape_timeout: 4s}
            scrape_configs:
              - job_name: culvert
                http_sd_configs: [{url: "http://127.0.0.1:\(collector.webPort)/sd?history=prom&job=one"}]
            """, name: "prometheus", in: directory)
        let selector = "scrapes_total{job=\"one\"}[10m]"
        try await eventually("Prometheus reads", within: .seconds(40)) {
            try await prometheus.samples(selector).count >= 5
        }

        let before = exporter.requestCount("/metrics")
        switch outage {
        case .tunnel: relay.cut()
        case .collector: try await collector.process.kill()
        case .prometheus: #expect(try await prometheus.process.terminate() == .exited(0))
        }
        try await eventually("\(Self.outage) scrapes are missed", within: .seconds(Self.outage + 20)) {
            exporter.requestCount("/metrics") >= before + Self.outage
        }
        switch outage {
        case .tunnel: relay.mend()
        case .collector: try await collector.startAgain()
        case .prometheus: prometheus = try await prometheus.startAgain()
        }

        let wanted = Double(exporter.requestCount("/metrics") + 3)
        let samples = try await eventually("Prometheus has the newest", within: .seconds(60)) {
            let samples = try await prometheus.samples(selector)
            return samples.last.map { $0.value >= wanted } ?? false ? samples : nil
        }
        let values = samples.map(\.value)
        let expected = (0..<values.count).map { values[0] + Double($0) }
        #expect(values == expected, "every scrape once, in order")
        let times = exporter.times("/metrics")
        for sample in samples {
            let asked = times[Int(sample.value) - 1]
            #expect(abs(sample.time - asked) < 0.7, "\(sample.value) is at \(sample.time), was scraped at \(asked)")
        }
        let count = try await prometheus.query("count_over_time(\(selector))").values.first.flatMap { Double($0) }
        #expect((count ?? 0) >= Double(values.count))
        // A page that was under way when a process died is offered again, and Prometheus says so once.
        let complaints = prometheus.complaints.filter { $0.contains("out-of-order") || $0.contains("duplicate") }
        #expect(complaints.count <= (outage == .tunnel ? 0 : 1), "\(complaints)")
        #expect(agent.process.poll() == nil)
    }

    @Test(.needs(Peers.prometheus))
    func `without history the cut shows as up 0, and series end as in a direct scrape`() async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(
            .init(collectorPort: relay.port, jobs: [Job("one", exporter.address)]))
        try await collector.get(try await collector.path(["job": "one"]), until: 200)
        let prometheus = try await PrometheusServer.start(
            """
            scrape_configs:
              - job_name: culvert
                http_sd_configs: [{url: "http://127.0.0.1:\(collector.webPort)/sd?job=one"}]
            """, name: "prometheus", in: directory)
        try await eventually("up is 1", within: .seconds(40)) {
            try await prometheus.query("up{job=\"one\"}").values.first == "1"
        }
        relay.cut()
        try await eventually("up is 0 and the series is stale") {
            let up = try await prometheus.query("up{job=\"one\"}").values.first
            let series = try await prometheus.query("scrapes_total")
            return up == "0" && series.isEmpty
        }
        relay.mend()
        try await eventually("up is 1 again") {
            let up = try await prometheus.query("up{job=\"one\"}").values.first
            let series = try await prometheus.query("scrapes_total")
            return up == "1" && series.count == 1
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `a reader whose first page was the collector's last act misses nothing`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        var options = Collector.Options()
        let names = ["a", "b", "c"]
        options.readers = names.map { "{name: \($0)}" }
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let readers = names.map { HistoryReader(port: collector.webPort, path: path + "?history=" + $0) }
        for reader in readers {
            #expect(await reader.read()?.status == 200)
            try await collector.process.kill()
            let begun = exporter.requestCount("/metrics")
            try await eventually("three scrapes more") { exporter.requestCount("/metrics") >= begun + 3 }
            try await collector.startAgain()
        }
        let wanted = Double(exporter.requestCount("/metrics"))
        for reader in readers {
            try await eventually("all is read up to \(wanted)") {
                _ = await reader.read()
                return await reader.samples.last.map { $0.value >= wanted } ?? false
            }
            let values = await reader.samples.map(\.value)
            #expect(values == (0..<values.count).map { values[0] + Double($0) })
            #expect(await reader.faults.isEmpty)
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `two readers of one configuration each get everything`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        var options = Collector.Options()
        options.readers = ["{name: pair, key: address}", "{name: one}"]
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let readers = ["127.0.0.2", "127.0.0.3"].map {
            HistoryReader(port: collector.webPort, path: path + "?history=pair", source: $0)
        }
        for reader in readers { #expect(await reader.read()?.status == 200) }
        let begun = exporter.requestCount("/metrics")
        try await eventually("eight scrapes more") { exporter.requestCount("/metrics") >= begun + 8 }
        // One reads often, the other now and then.
        for reader in readers {
            for _ in 0..<2 { _ = await reader.read() }
            let values = await reader.samples.map(\.value)
            #expect(values.count >= 8)
            #expect(values == (0..<values.count).map { values[0] + Double($0) })
            #expect(await reader.faults.isEmpty)
        }

        // Without a key, two addresses under one name would each get half: refused, and said.
        let rivals = ["127.0.0.2", "127.0.0.3"].map {
            HistoryReader(port: collector.webPort, path: path + "?history=one", source: $0)
        }
        try await eventually("the alternation is refused with 409") {
            for rival in rivals where await rival.read()?.status == 409 { return true }
            return false
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `the scrape in force at a time is given byte for byte`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await eventually("ten scrapes") { exporter.requestCount("/metrics") >= 10 }
        let times = exporter.times("/metrics")
        for number in 3...8 {
            // A scrape is in force from its start on: half a second after it was asked for, it is.
            let reply = try await collector.get(path + "?at=\(times[number - 1] + 0.4)")
            #expect(reply.status == 200, "\(reply.reason)")
            #expect(reply.text == "# TYPE scrapes_total counter\nscrapes_total \(number)\n")
            #expect(reply["Last-Modified"] != nil)
            #expect(reply["Content-Type"] == "text/plain; version=0.0.4")
        }
        #expect(try await collector.get(path + "?at=\(times[0] - 3600)").status == 404)
        #expect(agent.process.poll() == nil)
    }
}
