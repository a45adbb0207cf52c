import Foundation
import TestSupport
import Testing

/// A real Prometheus reads a real node_exporter through Culvert as if it scraped it itself.
@Suite(.onStage) struct PrometheusTests {
    @Test(.needs(Peers.prometheus, Peers.nodeExporter))
    func `with nothing but http_sd_configs it sees what a direct scrape sees, and why a target is down`() async throws {
        let directory = try TemporaryDirectory()
        // Without the collectors whose series come and go with whatever else runs on this host.
        let exporter = try await ChildProcess.start(
            [
                try Peers.nodeExporter.required(), "--web.listen-address=127.0.0.1:0", "--no-collector.netdev",
                "--no-collector.netclass", "--no-collector.arp", "--no-collector.systemd", "--no-collector.filesystem",
            ], name: "node", in: directory)
        let node = "127.0.0.1:\(try await exporter.port("Listening on"))"
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, interval: "2s",
                jobs: [Job("node", node), Job("down", "127.0.0.1:1")]))
        try await collector.get(try await collector.path(["job": "node"]), until: 200)
        try await collector.get(try await collector.path(["job": "down"]), until: 502)

        let through = try await PrometheusServer.start(
            """
            scrape_configs:
              - job_name: culvert
                http_sd_configs: [{url: "http://127.0.0.1:\(collector.webPort)/sd"}]
            """, name: "through", in: directory)
        let direct = try await PrometheusServer.start(
            """
            scrape_configs:
              - job_name: node
                scrape_interval: 2s
                scrape_timeout: 2s
                static_configs: [{targets: ["\(node)"]}]
            """, name: "direct", in: directory)

        try await eventually("up of the node target is 1", within: .seconds(40)) {
            try await through.query("up{job=\"node\"}")
                == [["__name__": "up", "job": "node", "instance": node, "agent": "agent"]: "1"]
        }
        // Series that only one of the two happens to have at this moment, such as a counter by status code whose first
        // request came between two scrapes, are there in both a few scrapes later.
        var difference = ""
        do {
            try await eventually("both see the same series", within: .seconds(30), every: .milliseconds(500)) {
                let here = Set(
                    try await through.query("{job=\"node\"}").keys.map { labels in
                        #expect(labels["agent"] == "agent")
                        return labels.filter { $0.key != "agent" }
                    })
                let there = Set(try await direct.query("{job=\"node\"}").keys)
                difference =
                    "only through Culvert: \(here.subtracting(there)), only directly: \(there.subtracting(here))"
                return here == there && here.count > 100
            }
        } catch {
            Issue.record("\(error); \(difference)")
        }

        let down = try await eventually("the reason is on Prometheus' target page") {
            try await through.targets().first { $0.labels["job"] == "down" && $0.health == "down" }
        }
        #expect(down.lastError.contains("server returned HTTP status 502"), "\(down.lastError)")
        #expect(down.lastError.contains("refused"), "\(down.lastError)")
        #expect(down.labels["instance"] == "127.0.0.1:1")
        #expect(down.scrapeInterval == "2s")
        #expect(try await through.query("up{job=\"down\"}").values.allSatisfy { $0 == "0" })
        #expect(agent.process.poll() == nil)
    }
}
