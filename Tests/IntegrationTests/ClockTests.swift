import Foundation
import TestSupport
import Testing

/// Clocks that are ten minutes apart change nothing for readers.
@Suite(.onStage) struct ClockTests {
    private static let faketime = Peers.faketimeLibrary

    @Test(
        .enabled(
            if: Peers.areRequired || faketime != nil, "libfaketime is missing: install the Debian package faketime"))
    func `an agent whose clock is ten minutes ahead works`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)],
                environment: try Peers.faketime(600)))
        try await Self.staysUp(collector, skew: 600)
        #expect(agent.process.poll() == nil)
    }

    @Test(
        .enabled(
            if: Peers.areRequired || faketime != nil, "libfaketime is missing: install the Debian package faketime"))
    func `an agent whose clock is ten minutes behind works`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        // Seen from a collector that is ahead, the agent is behind; certificates fresh today are valid for both.
        var options = Collector.Options()
        options.environment = try Peers.faketime(600)
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        try await Self.staysUp(collector, skew: -600)
        #expect(agent.process.poll() == nil)
    }

    /// Reads for longer than data stays fresh; the times given to readers are in the collector's clock.
    private static func staysUp(_ collector: Collector, skew: Double) async throws {
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let measured = try #require(try await collector.agent("agent", "culvert_agent_clock_skew_seconds"))
        #expect(abs(measured - skew) < 2, "the skew is measured as \(measured) s")
        let first = try #require(try await collector.get(path).sample("scrapes_total"))
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(6) {
            let reply = try await collector.get(path)
            #expect(reply.status == 200, "\(reply.reason)")
            try await Task.sleep(for: .milliseconds(200))
        }
        let last = try #require(try await collector.get(path).sample("scrapes_total"))
        #expect(last >= first + 4, "from \(first) to \(last) in six seconds at an interval of one")

        let now = Date().timeIntervalSince1970 + (skew < 0 ? -skew : 0)
        let line = try await collector.get(path + "?timestamps=true").text.split(separator: "\n").last
        let stamp = try #require(line?.split(separator: " ").last.flatMap { Double($0) }) / 1000
        #expect(abs(stamp - now) < 5, "a sample is stamped \(stamp - now) s from the collector's now")
        let seen = try #require(try await collector.agent("agent", "culvert_agent_last_seen_timestamp_seconds"))
        #expect(abs(seen - now) < 5)
    }
}
