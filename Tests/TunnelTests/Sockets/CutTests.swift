import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// The connection is cut at every byte of an exchange, in both directions; what is there afterwards is right, and one clean
/// connection brings the rest.
@Suite(.timeLimit(.minutes(20))) struct CutTests {
    /// The law, at any time: what both hold is equal, nothing has come twice.
    private func check(_ log: MemoryLog, _ replica: MemoryReplica, _ place: String) {
        #expect(replica.repeated == 0, "\(place)")
        for range in replica.withState(\.held).ranges {
            let whole = log.bytes(of: range.epoch)
            let start = Int(log.withState { $0.epochs.first { $0.number == range.epoch }?.start ?? 0 })
            let from = max(Int(range.from), start)
            guard from < Int(range.to), Int(range.to) <= start + whole.count else { continue }
            let own = replica.bytes(of: range.epoch)
            #expect(own[from..<Int(range.to)] == whole[(from - start)..<(Int(range.to) - start)], "\(place)")
        }
    }

    /// A log with an older epoch, a head that is gone, a backlog and live data.
    private func makeLog() -> MemoryLog {
        let log = MemoryLog()
        var random = SeededGenerator(seed: 41)
        log.grow(by: 700, using: &random)
        log.drop(to: 100)
        log.beginEpoch()
        log.grow(by: 900, using: &random)
        log.withState { $0.isLiveFirst = true }
        return log
    }

    /// One connection on which the log grows twice; what it carried in each direction.
    private func connect(
        _ log: MemoryLog, _ listener: TunnelListener.Shared, _ number: UInt64, _ compressor: RangeCompressorBox,
        _ limit: Relay.Limit = Relay.Limit()
    ) throws -> Relay.Limit {
        let pair = try BarePair(log, listener, number: number, compressor: compressor)
        var random = SeededGenerator(seed: number)
        var isWhole = try pair.carry(limit)
        for _ in 0..<2 where isWhole {
            log.grow(by: 150, using: &random)
            pair.logGrew()
            isWhole = try pair.carry(limit)
            pair.advance(by: .milliseconds(20))
            if isWhole { isWhole = try pair.carry(limit) }
        }
        pair.cut()
        return Relay.Limit(towardsCollector: pair.towardsCollector, towardsAgent: pair.towardsAgent)
    }

    @Test func `cut after every byte of the frames, in either direction, nothing is lost or repeated`() throws {
        let compressor = RangeCompressorBox()
        let tls = try BarePair.context()
        let trial = MemoryAuthority()
        let total = try connect(makeLog(), BarePair.listener(trial, tls), 1, compressor)
        #expect(total.towardsCollector > 500 && total.towardsAgent > 100)
        let limits =
            (0..<total.towardsCollector).map { Relay.Limit(towardsCollector: $0) }
            + (0..<total.towardsAgent).map { Relay.Limit(towardsAgent: $0) }
        for limit in limits {
            let authority = MemoryAuthority()
            let log = makeLog()
            let listener = BarePair.listener(authority, tls)
            let place = "cut at \(limit)"
            _ = try connect(log, listener, 1, compressor, limit)
            check(log, authority.replica(), place)
            _ = try connect(log, listener, 2, compressor)
            check(log, authority.replica(), place)
            let held = authority.replica().withState(\.held)
            for range in log.held { #expect(held.contains(range), "\(place)") }
            // Told of once or, when the confirmation was lost, again; but always of what is gone.
            let gaps = authority.replica().withState(\.gaps)
            #expect(gaps.last?.range == LogRange(epoch: 1, from: 0, to: 100), "\(place)")
        }
    }

    @Test func `cut within TLS and its handshake too, over real sockets`() async throws {
        // Every byte when there is time; else a prime's distance apart.
        let (stride, lanes) = SlowLinkTests.isSoak ? (1, 8) : (131, 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask { try await cutSockets(from: lane * stride, by: stride * lanes, seed: UInt64(42 + lane)) }
            }
            try await group.waitForAll()
        }
    }

    /// A collector and an agent whose connection is cut after `start` bytes, the next one `step` bytes later, and so on, in
    /// each direction.
    private func cutSockets(from start: Int, by step: Int, seed: UInt64) async throws {
        let collector = try await CollectorSide.start()
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port)
        var random = SeededGenerator(seed: seed)
        agent.log.withState { $0.isLiveFirst = true }
        agent.log.grow(by: 3_000, using: &random)
        agent.start()
        try #require(await eventually { agent.log.acknowledged.contains(LogRange(epoch: 1, from: 0, to: 3_000)) })
        let total = relay.given
        #expect(total.towardsCollector > 1_000 && total.towardsAgent > 1_000)
        // The lengths of signatures vary by some bytes.
        let limits =
            stride(from: start, to: total.towardsCollector - 16, by: step).map { Relay.Limit(towardsCollector: $0) }
            + stride(from: start, to: total.towardsAgent - 16, by: step).map { Relay.Limit(towardsAgent: $0) }
        for limit in limits {
            let failures = agent.failures.count
            relay.limit(limit)
            relay.cut()
            agent.log.grow(by: 6_000, using: &random)
            agent.logGrew()
            // The first end is ours, the second the limit's.
            try #require(await eventually { agent.failures.count >= failures + 2 }, "\(limit)")
            #expect(collector.replica.repeated == 0, "\(limit)")
        }
        relay.limit(Relay.Limit())
        relay.cut()
        let whole = agent.log.bytes(of: 1)
        let range = LogRange(epoch: 1, from: 0, to: UInt64(whole.count))
        #expect(await eventually { collector.replica.withState { $0.held.contains(range) } })
        check(agent.log, collector.replica, "at the end")
        #expect(collector.replica.bytes(of: 1) == whole)
        agent.stop()
        await relay.stop()
        await collector.stop()
    }

    @Test(arguments: [true, false])
    func `a direction that falls silent in the middle of a backlog is noticed, and the rest arrives`(
        towardsCollector: Bool
    ) async throws {
        var timers = TunnelTimers.quick
        timers.ping = .milliseconds(200)
        timers.dead = .milliseconds(1_000)
        timers.contention = .milliseconds(500)
        let collector = try await CollectorSide.start(timers: timers)
        let relay = try await Relay.start(to: collector.port)
        let agent = try AgentSide(port: relay.port, timers: timers)
        var random = SeededGenerator(seed: 43)
        agent.log.withState { $0.isLiveFirst = true }
        agent.log.grow(by: 6 << 20, using: &random)
        agent.start()
        try #require(await eventually { agent.isWelcome && collector.replica.count(of: 1) > 0 })
        relay.kill(towardsCollector: towardsCollector, towardsAgent: !towardsCollector)
        agent.log.grow(by: 50_000, using: &random)
        agent.logGrew()
        // Both ends notice by themselves.
        #expect(await eventually { agent.welcomes >= 2 && !collector.replica.closed.isEmpty })
        let whole = agent.log.bytes(of: 1)
        let range = LogRange(epoch: 1, from: 0, to: UInt64(whole.count))
        #expect(await eventually { collector.replica.withState { $0.held.contains(range) } })
        #expect(collector.replica.bytes(of: 1) == whole)
        #expect(collector.replica.repeated == 0)
        agent.stop()
        await relay.stop()
        await collector.stop()
    }
}
