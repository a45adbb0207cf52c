import Testing

@Suite(.onStage) struct SmokeTests {
    @Test func `an agent's own metrics are read at the collector`() async throws {
        let collector = try await Collector.start()
        let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort))
        let path = try await collector.path(["job": "culvert-agent"])
        let reply = try await collector.get(path, until: 200)
        #expect(reply.text.contains("culvert_build_info"))
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(try await collector.process.terminate() == .exited(0))
    }
}
