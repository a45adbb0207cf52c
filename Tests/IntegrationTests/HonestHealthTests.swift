import Foundation
import NIOCore
import Testing

/// A reader is told the truth about targets and tunnels, no sooner and no later than it is one.
@Suite(.onStage) struct HonestHealthTests {
    @Test func `a failing target is 502 or 504 with its reason, and 200 again by itself`() async throws {
        let exporter = try await TestExporter.start()
        let refusing = try await TestExporter.freePort()
        let large = TestExporter.Answer.text(String(repeating: "a 1\n", count: 5_000))
        let cases: [(name: String, answer: TestExporter.Answer, status: Int, reason: String)] = [
            ("reset", .reset, 502, "reset"), ("hang", .hang, 504, "timed out"),
            ("error", .init(status: 500, body: Array("oops".utf8)), 502, "500"), ("large", large, 502, "10000 bytes"),
        ]
        for item in cases { exporter.on("/" + item.name, item.answer) }
        let collector = try await Collector.start()
        let jobs =
            cases.map { Job($0.name, exporter.address, path: "/" + $0.name, more: ["body_size_limit: 10000B"]) }
            + [Job("refuse", "127.0.0.1:\(refusing)")]
        let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort, jobs: jobs))

        for item in cases + [("refuse", .reset, 502, "refused")] {
            let path = try await collector.path(["job": item.name])
            let reply = try await collector.get(path, until: item.status)
            #expect(reply.reason.contains(item.reason), "\(item.name): \(reply.reason)")
            #expect(reply.reason.utf8.count <= 128)
            #expect(reply.text == reply.reason + "\n")
            let up = try await collector.get("/agents/agent/metrics").text.split(separator: "\n").first {
                $0.hasPrefix("culvert_target_up{") && $0.contains("exported_job=\"\(item.name)\"")
            }
            #expect(up?.hasSuffix(" 0") == true, "\(up ?? "no such line")")
        }

        for item in cases { exporter.on("/" + item.name, .text("fine 1\n")) }
        let risen = try await TestExporter.start(port: refusing)
        risen.on("/metrics", .text("fine 1\n"))
        for name in cases.map(\.name) + ["refuse"] {
            let path = try await collector.path(["job": name])
            #expect(try await collector.get(path, until: 200).text == "fine 1\n")
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `a killed agent's data reads as down when it is older than two intervals and two seconds, not before`()
        async throws
    {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "2s", jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        try await agent.process.kill()
        let series = try await collector.get("/agents/agent/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("culvert_target_last_scrape_timestamp_seconds{") && $0.contains("exported_job=\"one\"")
        }
        let scraped = try #require(series?.split(separator: " ").last.flatMap { Double($0) })
        let limit = 2 * 2.0 + 2

        // A short patience: the question is what is answered now, not what would come.
        let impatient = [("X-Prometheus-Scrape-Timeout-Seconds", "0.05")]
        while true {
            let asked = Date().timeIntervalSince1970
            let reply = try await collector.get(path, headers: impatient)
            let answered = Date().timeIntervalSince1970
            if reply.status == 200 {
                try #require(asked - scraped < limit, "200 at an age of \(asked - scraped) s")
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            #expect(answered - scraped >= limit, "\(reply.status) at an age of \(answered - scraped) s already")
            #expect(reply.status == 503)
            #expect(reply.reason.contains("agent agent is not connected"), "\(reply.reason)")
            #expect(reply.text == reply.reason + "\n")
            break
        }
        #expect(try await collector.agent("agent", "culvert_agent_connected") == 0)
    }

    @Test func `a cut of three seconds at an interval of five shows nothing to readers`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(
            .init(collectorPort: relay.port, interval: "5s", jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        // A connection that has worked for a while, not one that was just made.
        try await Task.sleep(for: .seconds(2))
        let before = relay.accepted
        relay.cut()
        let begun = ContinuousClock.now
        var isMended = false
        while ContinuousClock.now - begun < .seconds(16) {
            if !isMended, ContinuousClock.now - begun >= .seconds(3) {
                relay.mend()
                isMended = true
            }
            let reply = try await collector.get(path, headers: [("X-Prometheus-Scrape-Timeout-Seconds", "5")])
            #expect(reply.status == 200, "\(reply.reason) after \(ContinuousClock.now - begun)")
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(relay.accepted > before)
        #expect(agent.process.line("connection lost") != nil)
        try await collector.connected(within: .seconds(1))
    }

    @Test func `a silent wire is not mistaken for a dead target, and what it held back arrives`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(.init(collectorPort: relay.port, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        relay.stall(.outward)
        let reply = try await collector.get(path, until: 503)
        #expect(reply.reason.contains("agent agent is connected but its last scrape is"), "\(reply.reason)")
        let unheard = exporter.requestCount("/metrics")
        relay.flow(.outward)
        try await eventually("the scrapes held back arrive") {
            Int(try await collector.get(path).sample("scrapes_total") ?? 0) >= unheard
        }
        #expect(relay.accepted == 1)
        #expect(agent.process.poll() == nil)
    }
}
