import Foundation
import TestSupport
import Testing

/// `culvert verify` says what both sides hold.
@Suite(.onStage) struct VerifyTests {
    private func verify(_ collector: Collector, _ agent: String = "agent") async throws -> (ChildProcess.Ending, String)
    {
        let process = try await ChildProcess.start(
            [try Binary.culvert, "verify", agent, "--url", "http://127.0.0.1:\(collector.webPort)"], name: "verify",
            in: collector.directory)
        let ending = try await process.end()
        return (ending, (process.outputLines + process.lines).joined(separator: "\n"))
    }

    @Test func `equal logs are identical, a changed byte is found, an agent that is away is said to be`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        try await collector.get(try await collector.path(["job": "one"]), until: 200)
        let (ending, said) = try await verify(collector)
        #expect(ending == .exited(0), "\(said)")
        #expect(said.contains("identical: ") && said.contains("both sides hold the same bytes"), "\(said)")

        // Behind the collector's back a byte of its copy changes.
        let replica = collector.directory.path + "/replica/agents/agent"
        let epoch = try #require(
            try FileManager.default.contentsOfDirectory(atPath: replica).first { $0.contains("-") })
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "\(replica)/\(epoch)").first {
                $0.hasSuffix(".segment")
            })
        let path = "\(replica)/\(epoch)/\(file)"
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seek(toOffset: 100)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: 100)
        try handle.write(contentsOf: Data([byte ^ 1]))
        try handle.close()
        let (damaged, complaint) = try await verify(collector)
        #expect(damaged == .exited(1) && complaint.contains("DIFFERENT"), "\(complaint)")

        let (unknown, error) = try await verify(collector, "nobody")
        #expect(unknown == .exited(1) && error.contains("404"), "\(error)")
        try await agent.process.kill()
        try await eventually("the collector knows it is gone") {
            try await collector.agent("agent", "culvert_agent_connected") == 0
        }
        let (away, reason) = try await verify(collector)
        #expect(away == .exited(1) && reason.contains("not connected"), "\(reason)")
    }
}
