import Foundation
import TestSupport
import Testing

/// An outage that is longer than what Prometheus takes late. A Prometheus with blocks of a minute takes what is up to half
/// a minute late, as the usual one with blocks of two hours takes an hour.
@Suite(.onStage) struct LongOutageTests {
    private static let outage = 40

    @Test(.needs(Peers.prometheus))
    func `what is too late is skipped by default, and taken with a longer max_age and an out-of-order window`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        var options = Collector.Options()
        options.readers = ["{name: usual, max_age: 20s}", "{name: patient, max_age: 10m}"]
        let collector = try await Collector.start(options)
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(
            .init(collectorPort: relay.port, jobs: [Job("one", exporter.address)]))
        try await collector.get(try await collector.path(["job": "one"]), until: 200)
        var servers: [String: PrometheusServer] = [:]
        for (name, window) in [("usual", "0s"), ("patient", "5m")] {
            servers[name] = try await PrometheusServer.start(
                """
                global: {scrape_interval: 2s, scrape_timeout: 2s}
                storage: {tsdb: {out_of_order_time_window: \(window)}}
                scrape_configs:
                  - job_name: itself
                    static_configs: [{targets: ["127.0.0.1:\(collector.webPort)"]}]
                  - job_name: culvert
                    http_sd_configs: [{url: "http://127.0.0.1:\(collector.webPort)/sd?history=\(name)&job=one"}]
                """, name: name, in: directory,
                flags: ["--storage.tsdb.min-block-duration=1m", "--storage.tsdb.max-block-duration=1m"])
        }
        let selector = "scrapes_total{job=\"one\"}[10m]"
        for (name, server) in servers {
            try await eventually("\(name) reads", within: .seconds(40)) {
                try await server.samples(selector).count >= 4
            }
        }
        relay.cut()
        let before = exporter.requestCount("/metrics")
        try await eventually("\(Self.outage) scrapes are missed", within: .seconds(Self.outage + 30)) {
            exporter.requestCount("/metrics") >= before + Self.outage
        }
        relay.mend()
        let wanted = Double(exporter.requestCount("/metrics") + 3)
        for (name, server) in servers {
            let values = try await eventually("\(name) has the newest", within: .seconds(60)) {
                let values = try await server.samples(selector).map(\.value)
                return values.last.map { $0 >= wanted } ?? false ? values : nil
            }
            let steps = zip(values, values.dropFirst()).map { $1 - $0 }
            #expect(steps.allSatisfy { $0 >= 1 }, "\(name): in order")
            let holes = steps.filter { $0 > 1 }
            if name == "patient" {
                #expect(holes.isEmpty, "\(name) has everything: \(values)")
            } else {
                #expect(holes.count == 1, "\(name) skips what is too old, and nothing else: \(values)")
                #expect(holes.allSatisfy { (10...Double(Self.outage)).contains($0) }, "\(holes)")
            }
            #expect(try await server.query("up{job=\"one\"}").values.first == "1", "\(name) is not poisoned")
            #expect(server.complaints.allSatisfy { !$0.contains("scrape_pool=culvert") }, "\(server.complaints)")
        }
        #expect(agent.process.poll() == nil)
    }
}
