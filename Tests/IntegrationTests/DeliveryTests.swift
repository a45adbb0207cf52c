import Foundation
import TestSupport
import Testing

/// What was scraped arrives, whatever ends in between.
@Suite(.onStage) struct DeliveryTests {
    @Test func `SIGTERM scrapes a last time, delivers everything and exits with 0`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "10s", jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let before = exporter.requestCount("/metrics")
        let begun = ContinuousClock.now
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(ContinuousClock.now - begun < .seconds(8))
        #expect(exporter.requestCount("/metrics") == before + 1)
        let reply = try await collector.get(path, headers: [("X-Prometheus-Scrape-Timeout-Seconds", "0.05")])
        #expect(reply.sample("scrapes_total") == Double(before + 1))
        let stopped = try #require(agent.process.line("agent stopped"))
        #expect(stopped.contains("unacknowledged_bytes=0"), "\(stopped)")
        try await eventually("the collector knows it is gone") {
            try await collector.agent("agent", "culvert_agent_connected") == 0
        }
        #expect(try await collector.process.terminate() == .exited(0))
        let (same, missing, differences) = LogBytes.compare(
            try LogBytes.ofAgent(agent.directory.path + "/log"),
            try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent"))
        #expect(same > 0 && missing == 0 && differences.isEmpty, "\(same) same, \(missing) missing, \(differences)")
    }

    @Test func `SIGTERM ends an agent whose collector is away and whose target hangs, within its grace period`()
        async throws
    {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .hang)
        let agent = try await Agent.start(
            .init(
                collectorPort: try await TestExporter.freePort(), interval: "60s", jobs: [Job("one", exporter.address)],
                more: ["shutdown_grace_period: 3s"]))
        try await eventually("it has tried to dial") { agent.process.line("not connected", "refused") }
        let begun = ContinuousClock.now
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(ContinuousClock.now - begun < .seconds(5))
    }

    @Test func `an agent killed during an outage delivers its backlog after a restart, once and unchanged`()
        async throws
    {
        let exporter = try await TestExporter.start()
        for number in 0..<5 { exporter.count(on: "/\(number)") }
        let collector = try await Collector.start()
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let jobs = (0..<5).map { Job("job\($0)", exporter.address, path: "/\($0)") }
        let agent = try await Agent.start(.init(collectorPort: relay.port, jobs: jobs))
        let path = try await collector.path(["job": "job0"])
        try await collector.get(path, until: 200)
        relay.cut()
        let cutAt = exporter.requestCount("/0")
        try await eventually("a backlog gathers") { exporter.requestCount("/0") >= cutAt + 5 }
        try await agent.process.kill()
        let atDeath = try LogBytes.ofAgent(agent.directory.path + "/log")
        relay.mend()
        try await agent.startAgain()
        try await eventually("newer data is read") {
            let count = exporter.requestCount("/0")
            return try await collector.get(path).sample("scrapes_total").map { Int($0) >= count - 1 } ?? false
        }
        // The newest comes first, the backlog behind it.
        try await eventually("the backlog has arrived", within: .seconds(30)) {
            let replica = try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent")
            // The new epoch's, too: a short backlog goes first.
            return LogBytes.compare(atDeath, replica).missing == 0 && Set(replica.map(\.epoch)).count == 2
        }
        let replica = try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent")
        let (same, missing, differences) = LogBytes.compare(atDeath, replica)
        #expect(same > 0 && missing == 0 && differences.isEmpty, "\(same) same, \(missing) missing, \(differences)")
        // Once: no two files of an epoch overlap.
        for (number, piece) in replica.enumerated() {
            let others = replica.dropFirst(number + 1).filter { $0.epoch == piece.epoch }
            #expect(others.allSatisfy { $0.end <= piece.start || $0.start >= piece.end })
        }
        #expect(Set(replica.map(\.epoch)).count == 2, "after a kill a new epoch begins")
    }

    @Test func `counters never go back over kills of both sides`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        var last = 0.0
        func rises() async throws {
            let floor = Double(exporter.requestCount("/metrics"))
            try await eventually("the counter rises above \(floor)") {
                guard let value = try? await collector.get(path).sample("scrapes_total") else { return false }
                #expect(value >= last)
                last = max(last, value)
                return value > floor
            }
        }
        try await rises()
        for _ in 0..<2 {
            try await agent.process.kill()
            try await agent.startAgain()
            try await rises()
            try await collector.process.kill()
            try await collector.startAgain()
            try await rises()
        }
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(try await collector.process.terminate() == .exited(0))
        let (same, missing, differences) = LogBytes.compare(
            try LogBytes.ofAgent(agent.directory.path + "/log"),
            try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent"))
        #expect(same > 0 && missing == 0 && differences.isEmpty, "\(same) same, \(missing) missing, \(differences)")
    }

    @Test func `two collectors get the same, and one that is away holds the other up in nothing`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let here = try await Collector.start()
        let there = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: here.tunnelPort, otherPorts: [there.tunnelPort], jobs: [Job("one", exporter.address)]))
        let path = try await here.path(["job": "one"])
        #expect(try await there.path(["job": "one"]) == path)
        try await here.get(path, until: 200)
        try await there.get(path, until: 200)
        try await there.process.kill()
        let before = exporter.requestCount("/metrics")
        try await eventually("the other goes on") {
            Int(try await here.get(path).sample("scrapes_total") ?? 0) >= before + 3
        }
        try await there.startAgain()
        try await eventually("the one that was away catches up") {
            let count = exporter.requestCount("/metrics")
            return try await there.get(path).sample("scrapes_total").map { Int($0) >= count - 1 } ?? false
        }
        #expect(try await agent.process.terminate() == .exited(0))
        for collector in [here, there] { #expect(try await collector.process.terminate() == .exited(0)) }
        let original = try LogBytes.ofAgent(agent.directory.path + "/log")
        for collector in [here, there] {
            let replica = try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent")
            let (same, missing, differences) = LogBytes.compare(original, replica)
            #expect(same > 0 && missing == 0 && differences.isEmpty, "\(same) same, \(missing) missing, \(differences)")
        }
    }

    @Test func `an agent without a disk delivers from memory`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let agent = try await Agent.start(
            .init(collectorPort: relay.port, jobs: [Job("one", exporter.address)], log: "none"))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        relay.cut()
        let before = exporter.requestCount("/metrics")
        try await eventually("a backlog gathers") { exporter.requestCount("/metrics") >= before + 3 }
        relay.mend()
        try await eventually("the newest is read") {
            Int(try await collector.get(path).sample("scrapes_total") ?? 0) > before + 2
        }
        #expect(try await agent.process.terminate() == .exited(0))
        let count = exporter.requestCount("/metrics")
        #expect(try await collector.get(path).sample("scrapes_total") == Double(count))
        let files = try FileManager.default.contentsOfDirectory(atPath: agent.directory.path)
        #expect(files.contains("none") == false && files.contains("log") == false)
        #expect(agent.process.line("agent stopped")?.contains("unacknowledged_bytes=0") == true)
    }

    @Test func `a second agent with the same key is refused while the first answers, and takes over when it is gone`()
        async throws
    {
        let exporter = try await TestExporter.start()
        for name in ["first", "second"] { exporter.count(on: "/" + name) }
        let collector = try await Collector.start()
        let first = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("first", exporter.address, path: "/first")]))
        try await collector.connected()
        let second = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("second", exporter.address, path: "/second")]))
        let line = try await eventually("the second is refused") {
            second.process.line("not connected", "step=welcome")
        }
        #expect(line.contains("stop the other agent that uses this certificate"), "\(line)")
        try await eventually("the collector logs the claim") {
            collector.process.line("another instance claims a live identity", "agent=agent")
        }
        #expect(second.process.line("msg=connected") == nil)
        #expect(first.process.line("connection lost") == nil)
        try await collector.get(try await collector.path(["job": "first"]), until: 200)
        #expect(try await collector.serviceDiscovery("?job=second").isEmpty)

        try await first.process.kill()
        try await eventually("the second takes over", within: .seconds(20)) { second.process.line("msg=connected") }
        try await collector.get(try await collector.path(["job": "second"]), until: 200)
        #expect(try await collector.serviceDiscovery("?job=first").isEmpty)
    }
}
