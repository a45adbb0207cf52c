import Testing

/// Targets that come and go with the agent's configuration.
@Suite(.onStage) struct TargetChangeTests {
    @Test func `a removed target ends in an empty page, an added one is scraped within a second`() async throws {
        let exporter = try await TestExporter.start()
        for name in ["stays", "goes", "comes"] { exporter.count(on: "/" + name) }
        let collector = try await Collector.start()
        let stays = Job("stays", exporter.address, path: "/stays")
        let goes = Job("goes", exporter.address, path: "/goes")
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "5s", jobs: [stays, goes]))
        let staying = try await collector.path(["job": "stays"])
        let going = try await collector.path(["job": "goes"])
        try await collector.get(staying, until: 200)
        try await collector.get(going, until: 200)

        try agent.reload(jobs: [stays, Job("comes", exporter.address, path: "/comes")])
        try await eventually("the reload is logged") { agent.process.line("configuration reloaded") }
        let reloaded = ContinuousClock.now
        try await eventually("the new target is scraped", within: .seconds(5), every: .milliseconds(10)) {
            exporter.requestCount("/comes") > 0
        }
        #expect(ContinuousClock.now - reloaded < .milliseconds(1500))
        let coming = try await collector.path(within: .seconds(3), ["job": "comes"])
        try await collector.get(coming, until: 200, within: .seconds(3))

        let gone = try await collector.get(going)
        #expect(gone.status == 200)
        #expect(gone.body.isEmpty)
        #expect(gone["Content-Type"]?.hasPrefix("text/plain") == true)
        #expect(try await collector.serviceDiscovery("?job=goes").isEmpty)
        #expect(try await collector.get("/agents/agent/metrics").text.contains("exported_job=\"goes\"") == false)
        let requests = exporter.requestCount("/goes")
        // What stayed was not disturbed: same id, still read.
        #expect(try await collector.path(["job": "stays"]) == staying)
        #expect(try await collector.get(staying).status == 200)

        // It comes back under its old id.
        try agent.reload(jobs: [stays, goes])
        #expect(try await collector.path(["job": "goes"]) == going)
        try await eventually("it is read again") {
            Int(try await collector.get(going).sample("scrapes_total") ?? 0) > requests
        }
    }

    @Test func `a broken file changes nothing and says so`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let job = Job("one", exporter.address)
        let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort, jobs: [job]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        try agent.reload(jobs: [Job("one", exporter.address, more: ["scrape_intervall: 1s"])])
        let line = try await eventually("the error is logged") { agent.process.line("configuration not reloaded") }
        #expect(line.contains("agent.yml:") && line.contains("scrape_intervall"), "\(line)")
        let before = exporter.requestCount("/metrics")
        try await eventually("scraping goes on") { exporter.requestCount("/metrics") > before + 1 }
        #expect(try await collector.get(path).status == 200)
    }
}
