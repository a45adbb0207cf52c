import Testing

/// What a reader may ask of a target's endpoint besides its bytes.
@Suite(.onStage) struct FormatTests {
    @Test func `with timestamps=true every sample carries the time of its scrape`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/text", .text("# HELP a b\na{x=\"1 2\"} 1\nb 2 1000\nc 3"))
        exporter.on("/om") { _ in
            var answer = TestExporter.Answer.text("# TYPE a counter\na_total 1 # {t=\"x\"} 0.5 1.5\nb 2 12.5\n# EOF\n")
            answer.headers = [("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")]
            return answer
        }
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort,
                jobs: [Job("text", exporter.address, path: "/text"), Job("om", exporter.address, path: "/om")]))
        let text = try await collector.path(["job": "text"])
        let open = try await collector.path(["job": "om"])
        try await collector.get(text, until: 200)
        try await collector.get(open, until: 200)

        let stamped = try await collector.get(text + "?timestamps=true")
        let lines = stamped.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(stamped["Content-Type"] == "text/plain; version=0.0.4")
        #expect(lines.count == 4)
        #expect(lines[0] == "# HELP a b")
        #expect(lines[1].hasPrefix("a{x=\"1 2\"} 1 1"))
        #expect(lines[2] == "b 2 1000")
        let milliseconds = try #require(Double(lines[3].dropFirst("c 3 ".count)))
        let now = try await Self.now(at: collector) * 1000
        #expect(abs(now - milliseconds) < 5_000, "\(lines[3]) is read at \(now)")

        let openLines = try await collector.get(open + "?timestamps=true").text
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(openLines.count == 5)
        let parts = openLines[1].split(separator: " ")
        #expect(
            parts.count == 7 && parts[0] == "a_total" && parts[3...].joined(separator: " ") == "# {t=\"x\"} 0.5 1.5")
        let seconds = try #require(parts.count > 2 ? Double(parts[2]) : nil)
        #expect(abs(now / 1000 - seconds) < 5)
        #expect(openLines[2] == "b 2 12.5")
        #expect(openLines[3] == "# EOF")

        // Without it, nothing is added.
        #expect(try await collector.get(text).text == "# HELP a b\na{x=\"1 2\"} 1\nb 2 1000\nc 3")
        #expect(agent.process.poll() == nil)
    }

    /// When the agent was last seen is now, as long as it is connected; in seconds.
    private static func now(at collector: Collector) async throws -> Double {
        try #require(try await collector.agent("agent", "culvert_agent_last_seen_timestamp_seconds"))
    }

    @Test func `protobuf is 406 for a reader that does not take it`() async throws {
        let type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .init(headers: [("Content-Type", type)], body: [2, 0x0A, 0x00]))
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("proto", exporter.address)]))
        let path = try await collector.path(["job": "proto"])
        try await collector.get(path, until: 200)
        let refused = try await collector.get(path, headers: [("Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")])
        #expect(refused.status == 406)
        #expect(refused.reason.contains("protobuf"))
        let taken = try await collector.get(
            path, headers: [("Accept", "\(type);q=0.6, text/plain;version=0.0.4;q=0.5")])
        #expect(taken.status == 200)
        #expect(taken["Content-Type"] == type)
        #expect(taken.body == [2, 0x0A, 0x00])
        #expect(agent.process.poll() == nil)
    }

    @Test func `HEAD and unknown paths are answered sanely`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let head = try await collector.get(path, method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        for unknown in [
            "/nothing", "/targets/", "/targets/zz/metrics", "/targets/\(String(repeating: "0", count: 32))/metrics",
            "/agents/nobody/metrics", "/targets/../sd", "/%00", "/api/v1/nothing",
        ] {
            let reply = try await collector.get(unknown)
            #expect(reply.status == 404, "\(unknown): \(reply.status) \(reply.reason)")
        }
        #expect(try await collector.get(path, method: "POST").status >= 400)
        #expect(try await collector.get("/sd", method: "DELETE").status >= 400)
        #expect(try await collector.get(path).status == 200)
        #expect(agent.process.poll() == nil)
    }
}
