import Foundation
import TestSupport
import Testing

/// A real Prometheus reads a real node_exporter through Culvert as if it scraped it itself.
@Suite(.onStage) struct PrometheusTests {
    /// A Prometheus of a test.
    private struct Server {
        let process: ChildProcess
        let port: Int

        static func start(_ configuration: String, name: String, in directory: TemporaryDirectory) async throws
            -> Server
        {
            let program = try Peers.prometheus.required()
            let file = "\(directory.path)/\(name).yml"
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
            let port = try await TestExporter.freePort()
            let process = try await ChildProcess.start(
                [
                    program, "--config.file=\(file)", "--storage.tsdb.path=\(directory.path)/\(name)-data",
                    "--web.listen-address=127.0.0.1:\(port)",
                ], name: name, in: directory)
            return Server(process: process, port: port)
        }

        private struct Answer: Decodable {
            struct Payload: Decodable {
                struct Series: Decodable {
                    var metric: [String: String]
                    var value: [Value]
                }
                var result: [Series]
            }
            var data: Payload
        }

        /// The time and the value of a sample: a number and a text.
        private enum Value: Decodable {
            case number(Double)
            case text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Double.self) {
                    self = .number(number)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }

        /// The series that `expression` has now, with their values.
        func query(_ expression: String) async throws -> [[String: String]: String] {
            let allowed = CharacterSet.alphanumerics
            let escaped = expression.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
            let reply = try await HTTPReader.request("/api/v1/query?query=\(escaped)", port: port)
            let answer = try JSONDecoder().decode(Answer.self, from: Data(reply.body))
            let pairs = answer.data.result.map { series in
                var value = ""
                if case .text(let text)? = series.value.last { value = text }
                return (series.metric, value)
            }
            return Dictionary(pairs) { first, _ in first }
        }

        struct Targets: Decodable {
            struct Payload: Decodable {
                struct Target: Decodable {
                    var labels: [String: String]
                    var lastError: String
                    var health: String
                    var scrapeInterval: String
                }
                var activeTargets: [Target]
            }
            var data: Payload
        }

        func targets() async throws -> [Targets.Payload.Target] {
            let reply = try await HTTPReader.request("/api/v1/targets?state=active", port: port)
            return try JSONDecoder().decode(Targets.self, from: Data(reply.body)).data.activeTargets
        }
    }

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

        let through = try await Server.start(
            """
            scrape_configs:
              - job_name: culvert
                http_sd_configs: [{url: "http://127.0.0.1:\(collector.webPort)/sd"}]
            """, name: "through", in: directory)
        let direct = try await Server.start(
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
