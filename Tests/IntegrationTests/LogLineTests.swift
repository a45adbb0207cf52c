import Foundation
import TestSupport
import Testing

/// What the processes write about themselves.
@Suite(.onStage) struct LogLineTests {
    @Test func `with --log-format json every line is an object of texts`() async throws {
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, jobs: [Job("a \\\"b", "127.0.0.1:1")],
                arguments: ["--log-format", "json"]))
        try await collector.connected()
        #expect(try await agent.process.terminate() == .exited(0))
        let lines = agent.process.lines
        #expect(lines.count >= 4)
        for line in lines {
            let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            #expect(Set(["time", "level", "msg"]).isSubset(of: fields.keys), "\(line)")
        }
    }

    @Test func `a healthy pair says little, and warns of the authority's key beside its own`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\n"))
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        try await collector.get(try await collector.path(["job": "one"]), until: 200)
        for process in [agent.process, collector.process] {
            let warnings = process.lines.filter { !$0.contains(" level=info ") }
            #expect(warnings.count == 1, "\(warnings)")
            #expect(warnings.first?.contains("the private key of the certificate authority is readable here") == true)
        }
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(try await collector.process.terminate() == .exited(0))
        for process in [agent.process, collector.process] {
            #expect(process.lines.count <= 9, "\(process.lines)")
            #expect(process.lines.contains { $0.contains("level=error") } == false, "\(process.lines)")
        }
    }
}
