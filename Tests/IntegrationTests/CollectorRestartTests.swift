import Foundation
import Testing

/// What readers see while a collector comes back.
@Suite(.onStage) struct CollectorRestartTests {
    @Test(arguments: [SIGTERM, SIGKILL])
    func `a collector that comes back lists all targets under their old ids or nothing`(signal: Int32) async throws {
        let exporter = try await TestExporter.start()
        for number in 0..<5 { exporter.count(on: "/\(number)") }
        var options = Collector.Options()
        options.agents = ["{name: agent}", "{name: second}"]
        let collector = try await Collector.start(options)
        let jobs = (0..<5).map { Job("job\($0)", exporter.address, path: "/\($0)") }
        let first = try await Agent.start(.init(collectorPort: collector.tunnelPort, jobs: jobs))
        let second = try await Agent.start(
            .init(
                name: "second", collectorPort: collector.tunnelPort, jobs: [Job("other", exporter.address, path: "/0")])
        )
        let before = try await eventually("both agents have announced all") {
            let groups = try await collector.serviceDiscovery()
            return groups.count == 5 + 1 + 1 + 1 + 2 ? Set(groups) : nil
        }
        for group in before { try await collector.get(group.path, until: 200) }

        collector.process.signal(signal)
        let ending = try await collector.process.end()
        #expect(ending == (signal == SIGTERM ? .exited(0) : .killed(SIGKILL)))
        try await collector.startAgain()
        let begun = ContinuousClock.now
        var listed = 0
        while ContinuousClock.now - begun < .seconds(4) {
            let reply = try await collector.get("/sd")
            if reply.status == 200 {
                let groups = try JSONDecoder().decode([TargetGroup].self, from: Data(reply.body))
                #expect(Set(groups) == before)
                listed += 1
            } else {
                #expect(reply.status == 503, "\(reply.status) \(reply.reason)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(listed > 0)
        for group in before { try await collector.get(group.path, until: 200) }
        #expect(first.process.poll() == nil && second.process.poll() == nil)
    }

    @Test func `scraping goes on while the collector is away, and readers then get the newest`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        #expect(try await collector.process.terminate() == .exited(0))
        let before = exporter.requestCount("/metrics")
        try await eventually("the agent scrapes on") { exporter.requestCount("/metrics") >= before + 3 }
        try await collector.startAgain()
        try await eventually("the newest scrape is read") {
            let count = exporter.requestCount("/metrics")
            return try await collector.get(path).sample("scrapes_total").map { Int($0) >= count - 1 } ?? false
        }
        #expect(agent.process.line("connection lost") != nil)
    }

    @Test func `a collector with an empty disk lists nothing until the last of its agents has come`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        var options = Collector.Options()
        options.agents = Certificates.agents.map { "{name: \($0)}" }
        let collector = try await Collector.start(options)
        var agents: [Agent] = []
        for name in Certificates.agents.dropLast() {
            agents.append(
                try await Agent.start(
                    .init(name: name, collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)])))
            try await collector.connected(name)
        }
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(3) {
            let reply = try await collector.get("/sd")
            #expect(reply.status == 503)
            #expect(reply.reason == "waiting for third to announce targets")
            #expect(try await collector.get("/-/ready").status == 503)
            try await Task.sleep(for: .milliseconds(100))
        }
        agents.append(
            try await Agent.start(
                .init(name: "third", collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)])))
        try await collector.get("/sd", until: 200)
        let groups = try await collector.serviceDiscovery()
        #expect(groups.count == 9)
        #expect(Set(groups.compactMap { $0.labels["agent"] }) == Set(Certificates.agents))
        #expect(try await collector.get("/-/ready").status == 200)

        // The disk is lost: the agents bring everything again.
        #expect(try await collector.process.terminate() == .exited(0))
        let late = try #require(agents.last)
        try await late.process.kill()
        try collector.loseDisk()
        try await collector.startAgain()
        for name in Certificates.agents.dropLast() { try await collector.connected(name) }
        #expect(try await collector.get("/sd").status == 503)
        try await late.startAgain()
        try await collector.get("/sd", until: 200)
        #expect(Set(try await collector.serviceDiscovery()) == Set(groups))
        #expect(agents.count == 3)
    }
}
