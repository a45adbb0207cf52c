import Foundation
import NIOCore
import Testing

/// A reader at the agent's interval sees every scrape once.
@Suite(.aloneOnStage) struct PlainReadsTests {
    private static let targets = 200
    private static let interval = Duration.seconds(5)
    private static let rounds = Peers.isSoak ? 96 : 7

    @Test func `readers at the interval of slow targets repeat almost nothing and skip nothing`() async throws {
        let exporter = try await TestExporter.start()
        for number in 0..<Self.targets { exporter.count(on: "/\(number)", delay: .milliseconds(800)) }
        let collector = try await Collector.start()
        let all = (0..<Self.targets).map { number in
            Job.Target(address: exporter.address, path: "/\(number)", labels: ["number": "\(number)"])
        }
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "5s", timeout: "4s", jobs: [Job("slow", all)]))
        let paths = try await eventually("all targets are listed") {
            let groups = try await collector.serviceDiscovery("?job=slow")
            return groups.count == Self.targets ? groups.map(\.path) : nil
        }
        // Where the reads lie within the interval decides; they lie everywhere.
        let begin = ContinuousClock.now + .seconds(6)
        let seen = try await withThrowingTaskGroup(of: [Double?].self) { readers in
            for (number, path) in paths.enumerated() {
                let first = begin + Self.interval * Double(number) / Double(Self.targets)
                readers.addTask { try await Self.read(path, at: collector, from: first) }
            }
            return try await readers.reduce(into: [[Double?]]()) { $0.append($1) }
        }
        var reads = 0
        var repeated = 0
        var skipped: [String] = []
        var failed = 0
        for values in seen {
            // The first round finds its place.
            let counted = values.dropFirst()
            failed += counted.count { $0 == nil }
            for (before, after) in zip(counted, counted.dropFirst()) {
                guard let before, let after else { continue }
                reads += 1
                if after == before { repeated += 1 }
                if after > before + 1 { skipped.append("\(Int(before)) → \(Int(after))") }
            }
        }
        #expect(failed == 0)
        #expect(repeated * 1000 < reads, "\(repeated) of \(reads) reads repeat a scrape")
        #expect(skipped.isEmpty, "\(skipped.count) of \(reads) reads skip: \(skipped.prefix(10))")
        #expect(agent.process.poll() == nil)
    }

    /// The counter as read once an interval; nil for a read that failed.
    private static func read(
        _ path: String, at collector: Collector, from first: ContinuousClock.Instant
    ) async throws -> [Double?] {
        var values: [Double?] = []
        for round in 0..<rounds {
            try await Task.sleep(until: first + interval * round, clock: .continuous)
            let reply = try await collector.get(path, headers: [("X-Prometheus-Scrape-Timeout-Seconds", "5")])
            values.append(reply.status == 200 ? reply.sample("scrapes_total") : nil)
        }
        return values
    }
}
