import Foundation
import NIOCore
import TestSupport
import Testing

/// The pages beside the targets' own.
@Suite(.onStage) struct ViewsTests {
    @Test func `/sd can be asked for a part`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        var options = Collector.Options()
        options.agents = ["{name: agent, labels: {site: north}}", "{name: second, labels: {agent: '', site: south}}"]
        let collector = try await Collector.start(options)
        let first = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort,
                jobs: [
                    Job("node", exporter.address), Job("keeps", exporter.address, more: ["honor_labels: true"]),
                    Job("clash", [Job.Target(address: exporter.address, labels: ["site": "own", "zone": "a"])]),
                ]))
        let second = try await Agent.start(
            .init(name: "second", collectorPort: collector.tunnelPort, jobs: [Job("node", exporter.address)]))
        try await collector.get("/sd", until: 200)
        let all = try await collector.serviceDiscovery()
        // Three jobs and one; two agents, each as a target and as the collector sees it.
        #expect(all.count == 8)
        #expect(all.allSatisfy { $0.targets == ["127.0.0.1:\(collector.webPort)"] })
        #expect(Set(all.map(\.path)).count == all.count)
        func jobs(_ query: String) async throws -> [String] {
            try await collector.serviceDiscovery(query).compactMap { $0.labels["job"] }.sorted()
        }
        #expect(try await jobs("?agent=second") == ["culvert-agent", "culvert_agent", "node"])
        #expect(try await jobs("?job=node") == ["node", "node"])
        #expect(try await jobs("?job=node&agent=agent") == ["node"])
        #expect(try await jobs("?honor_labels=true") == ["keeps"])
        #expect(try await jobs("?honor_labels=false").contains("keeps") == false)
        #expect(try await jobs("?agent=nobody") == [])
        #expect(try await jobs("?job=culvert_agent") == ["culvert_agent", "culvert_agent"])
        #expect(try await collector.get("/sd?honor_labels=maybe").status == 400)

        let node = try #require(
            all.first { $0.labels["job"] == "node" && $0.labels["__meta_culvert_agent"] == "agent" })
        #expect(node.labels["agent"] == "agent")
        #expect(node.labels["site"] == "north")
        #expect(node.labels["instance"] == exporter.address)
        #expect(node.labels["__scrape_interval__"] == "1s")
        #expect(node.labels["__scrape_timeout__"] == "1s")
        #expect(node.labels["__meta_culvert_address"] == exporter.address)
        #expect(node.labels["__meta_culvert_job"] == "node")
        #expect(node.labels["__meta_culvert_honor_labels"] == "false")
        #expect(node.path == "/targets/\(node.labels["__meta_culvert_id"] ?? "")/metrics")
        let clash = try #require(all.first { $0.labels["job"] == "clash" })
        #expect(
            clash.labels["site"] == "north" && clash.labels["exported_site"] == "own" && clash.labels["zone"] == "a")
        let unstamped = try #require(all.first { $0.labels["job"] == "node" && $0.labels["site"] == "south" })
        #expect(unstamped.labels["agent"] == nil)
        #expect(first.process.poll() == nil && second.process.poll() == nil)
    }

    @Test func `/sd gives the address a reader reached it by, or the configured one`() async throws {
        var options = Collector.Options()
        options.web = ["external_url: https://metrics.example.com/culvert", "route_prefix: /"]
        let configured = try await Collector.start(options)
        let plain = try await Collector.start()
        for collector in [configured, plain] {
            let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort))
            try await collector.get("/sd", until: 200)
            _ = try await collector.path(["job": "culvert-agent"])
            #expect(agent.process.poll() == nil)
        }
        let there = try #require(try await configured.serviceDiscovery("?job=culvert-agent").first)
        #expect(there.targets == ["metrics.example.com"])
        #expect(there.labels["__scheme__"] == "https")
        #expect(there.path.hasPrefix("/culvert/targets/"))
        let reply = try await plain.get("/sd?job=culvert-agent", headers: [("Host", "other.example:81")])
        let here = try #require(try JSONDecoder().decode([TargetGroup].self, from: Data(reply.body)).first)
        #expect(here.targets == ["other.example:81"])
        #expect(here.labels["__scheme__"] == "http")
    }

    @Test(.needs(Peers.promtool)) func `promtool finds nothing wrong with our own pages`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("on\\\\e", exporter.address)]))
        let own = try await collector.path(["job": "culvert-agent"])
        try await collector.get(own, until: 200)
        let directory = try TemporaryDirectory()
        for page in ["/agents/agent/metrics", "/metrics", own] {
            let reply = try await collector.get(page)
            #expect(reply.status == 200)
            #expect(reply["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", "\(page)")
            let file = directory.path + "/page"
            try Data(reply.body).write(to: URL(fileURLWithPath: file))
            let result = try CommandLineTool.run("sh", ["-c", "exec promtool check metrics < \(file)"])
            #expect(result.status == 0 && result.output.isEmpty, "\(page): \(result.output)")
        }
        #expect(agent.process.poll() == nil)
    }

    private struct TargetsAnswer: Decodable {
        struct Target: Decodable {
            var labels: [String: String]
            var discoveredLabels: [String: String]
            var scrapePool: String
            var scrapeUrl: String
            var globalUrl: String
            var lastError: String
            var lastScrape: String
            var lastScrapeDuration: Double
            var health: String
            var scrapeInterval: String
            var scrapeTimeout: String
        }
        struct Payload: Decodable {
            var activeTargets: [Target]
        }
        var status: String
        var data: Payload
    }

    private struct AgentsAnswer: Decodable {
        struct Entry: Decodable {
            var name: String
            var configured: Bool
            var connected: Bool
            var lastSeen: String
            var peer: String
            var build: String
            var clockSkewSeconds: Double
            var targets: Int
            var stamps: [String: String]
        }
        struct Payload: Decodable {
            var agents: [Entry]
        }
        var status: String
        var data: Payload
    }

    @Test func `the JSON pages tell what a person would ask`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        var options = Collector.Options()
        options.agents = ["{name: agent}"]
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, jobs: [Job("up", exporter.address), Job("down", "127.0.0.1:1")]))
        try await collector.get(try await collector.path(["job": "up"]), until: 200)
        try await collector.get(try await collector.path(["job": "down"]), until: 502)
        let reply = try await collector.get("/api/v1/targets")
        #expect(reply["Content-Type"]?.hasPrefix("application/json") == true)
        let answer = try JSONDecoder().decode(TargetsAnswer.self, from: Data(reply.body))
        #expect(answer.status == "success")
        let up = try #require(answer.data.activeTargets.first { $0.scrapePool == "up" })
        #expect(up.health == "up" && up.lastError.isEmpty)
        #expect(up.labels == ["job": "up", "instance": exporter.address, "agent": "agent"])
        #expect(up.scrapeUrl == "http://\(exporter.address)/metrics")
        #expect(up.globalUrl.hasPrefix("http://127.0.0.1:\(collector.webPort)/targets/"))
        #expect(up.scrapeInterval == "1s" && up.scrapeTimeout == "1s")
        #expect(up.lastScrapeDuration > 0 && up.lastScrapeDuration < 1)
        let down = try #require(answer.data.activeTargets.first { $0.scrapePool == "down" })
        #expect(down.health == "down" && down.lastError.contains("refused"))
        let dropped = try await collector.get("/api/v1/targets?state=dropped")
        #expect(
            try JSONDecoder().decode(TargetsAnswer.self, from: Data(dropped.body)).data.activeTargets.isEmpty)

        let agents = try JSONDecoder().decode(
            AgentsAnswer.self, from: Data(try await collector.get("/api/v1/agents").body))
        let entry = try #require(agents.data.agents.first)
        #expect(agents.data.agents.count == 1)
        #expect(entry.name == "agent" && entry.configured && entry.connected && entry.targets == 3)
        #expect(entry.build.hasPrefix("culvert/") && entry.stamps == ["agent": "agent"])
        #expect(abs(entry.clockSkewSeconds) < 1)
        #expect(agent.process.poll() == nil)
    }

    @Test func `health, readiness and reload are Prometheus' own`() async throws {
        var options = Collector.Options()
        options.agents = ["{name: agent}"]
        let closed = try await Collector.start(options)
        #expect(try await closed.get("/-/healthy").status == 200)
        #expect(try await closed.get("/-/ready").status == 503)
        let refused = try await closed.get("/-/reload", method: "POST")
        #expect(refused.status == 403)
        #expect(refused.text.contains("web.enable_lifecycle"))

        options.web = ["enable_lifecycle: true"]
        let open = try await Collector.start(options)
        let agent = try await Agent.start(.init(collectorPort: open.tunnelPort))
        try await open.get("/-/ready", until: 200)
        #expect(try await open.get("/-/reload", method: "POST").status == 200)
        #expect(open.process.line("configuration reloaded") != nil)
        let file = URL(fileURLWithPath: open.directory.path + "/collector.yml")
        let good = try String(contentsOf: file, encoding: .utf8)
        try Data((good + "nonsense: true\n").utf8).write(to: file)
        let failed = try await open.get("/-/reload", method: "POST")
        #expect(failed.status == 500)
        #expect(failed.text.contains("nonsense"), "\(failed.text)")

        // A stamp that changes is on the list at once; an agent that is removed leaves it.
        try Data(good.replacingOccurrences(of: "{name: agent}", with: "{name: agent, labels: {site: x}}").utf8).write(
            to: file)
        #expect(try await open.get("/-/reload", method: "POST").status == 200)
        #expect(try await open.path(["job": "culvert-agent", "site": "x"]).isEmpty == false)
        try Data(good.replacingOccurrences(of: "{name: agent}", with: "{name: other}").utf8).write(to: file)
        #expect(try await open.get("/-/reload", method: "POST").status == 200)
        try await eventually("the agent is told") { agent.process.line("connection lost", "removed") }
        #expect(try await open.get("/agents/agent/metrics").status == 404)
    }

    @Test func `bodies are gzipped for readers elsewhere and not on loopback`() async throws {
        let body = String(repeating: "a{b=\"c\"} 1\n", count: 500)
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text(body))
        var options = Collector.Options()
        options.webHost = "0.0.0.0"
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let accepting = [("Accept-Encoding", "gzip")]
        let near = try await collector.get(path, headers: accepting)
        #expect(near["Content-Encoding"] == nil && near.text == body)
        let addresses = try System.enumerateDevices().compactMap { $0.address?.ipAddress }
        // A host without a network has nobody elsewhere.
        guard let address = addresses.first(where: { !$0.contains(":") && !$0.hasPrefix("127.") }) else { return }
        let far = try await collector.get(path, headers: accepting, host: address)
        #expect(far["Content-Encoding"] == "gzip")
        #expect(far["Content-Type"] == "text/plain; version=0.0.4")
        #expect(far.body.count < 500)
        let directory = try TemporaryDirectory()
        let file = directory.path + "/body"
        try Data(far.body).write(to: URL(fileURLWithPath: file + ".gz"))
        try CommandLineTool.output(of: "gzip", ["-d", file + ".gz"])
        #expect(FileManager.default.contents(atPath: file) == Data(body.utf8))
        let plain = try await collector.get(path, headers: [("Accept-Encoding", "gzip;q=0")], host: address)
        #expect(plain["Content-Encoding"] == nil && plain.text == body)
        #expect(agent.process.poll() == nil)
    }
}
