import Foundation
import TestSupport
import Testing

/// Processes die and wires break at random moments; the history that is read in the end has no hole that the contract does
/// not name, nothing twice, and everything in order.
@Suite(.onStage) struct FaultTests {
    private static let rounds = Peers.isSoak ? 50 : 6
    private static let targets = 3

    private enum Fault: CaseIterable {
        case agentKilled, collectorKilled, bothKilled, cut, halfOpenOutward, halfOpenInward
    }

    @Test func `kills and cuts at random moments lose only what a killed agent had not written`() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let exporter = try await TestExporter.start()
        for number in 0..<Self.targets { exporter.count(on: "/\(number)") }
        var options = Collector.Options()
        options.readers = ["{name: reader}"]
        options.log = ["history: 2h"]
        let collector = try await Collector.start(options)
        let relay = try await TCPRelay.start(to: collector.tunnelPort)
        defer { relay.stop() }
        let jobs = (0..<Self.targets).map { Job("job\($0)", exporter.address, path: "/\($0)") }
        let agent = try await Agent.start(.init(collectorPort: relay.port, jobs: jobs))
        var readers: [HistoryReader] = []
        for number in 0..<Self.targets {
            let path = try await collector.path(["job": "job\(number)"])
            try await collector.get(path, until: 200)
            readers.append(HistoryReader(port: collector.webPort, path: path + "?history=reader"))
            #expect(await readers[number].read()?.status == 200, "seed \(seed)")
        }
        var agentKills = 0
        for round in 0..<Self.rounds {
            let fault = Fault.allCases[Int.random(in: 0..<Fault.allCases.count, using: &random)]
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1500, using: &random)))
            switch fault {
            case .agentKilled:
                try await agent.process.kill()
                agentKills += 1
                try await agent.startAgain()
            case .collectorKilled:
                try await collector.process.kill()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1500, using: &random)))
                try await collector.startAgain()
            case .bothKilled:
                try await agent.process.kill()
                try await collector.process.kill()
                agentKills += 1
                try await collector.startAgain()
                try await agent.startAgain()
            case .cut:
                relay.cut()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<4000, using: &random)))
                relay.mend()
            case .halfOpenOutward, .halfOpenInward:
                let direction = fault == .halfOpenOutward ? TCPRelay.Direction.outward : .inward
                relay.stall(direction)
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<4000, using: &random)))
                relay.flow(direction)
            }
            for reader in readers where Bool.random(using: &random) { _ = await reader.read() }
            if Int.random(in: 0..<3, using: &random) == 0 { await readers[0].close() }
            _ = round
        }
        // Everything that was scraped before this moment arrives.
        let wanted = (0..<Self.targets).map { Double(exporter.requestCount("/\($0)") + 1) }
        for (number, reader) in readers.enumerated() {
            try await eventually("seed \(seed): target \(number) is read up to \(wanted[number])", within: .seconds(60))
            {
                _ = await reader.read()
                return await reader.samples.last.map { $0.value >= wanted[number] } ?? false
            }
            #expect(await reader.faults.isEmpty, "seed \(seed)")
            let values = await reader.samples.map(\.value)
            #expect(values == values.sorted(), "seed \(seed): order")
            #expect(Set(values).count == values.count, "seed \(seed): nothing twice")
            let missing = Int((values.last ?? 0) - (values.first ?? 0)) + 1 - values.count
            #expect(
                missing <= agentKills, "seed \(seed): \(missing) scrapes missing after \(agentKills) kills: \(values)")
        }
        #expect(try await agent.process.terminate() == .exited(0))
        #expect(try await collector.process.terminate() == .exited(0))
        let (same, missing, differences) = LogBytes.compare(
            try LogBytes.ofAgent(agent.directory.path + "/log"),
            try LogBytes.ofReplica(collector.directory.path + "/replica/agents/agent"))
        #expect(missing == 0 && differences.isEmpty, "seed \(seed): \(same) same, \(missing) missing, \(differences)")
    }
}
