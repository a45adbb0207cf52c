import Foundation
import NIOCore
import NIOPosix
import ScrapeLog
import Synchronization
import TestSupport
import Testing

@testable import Tunnel

/// A link of 2 Mbit/s whose kernels would buffer megabytes, and a backlog that takes far longer than anybody waits: what is
/// appended after the reconnect arrives within moments all the same.
@Suite(.timeLimit(.minutes(10))) struct SlowLinkTests {
    static let isSoak = ProcessInfo.processInfo.environment["CULVERT_SOAK"] != nil
    private static let bytesPerSecond = 2_000_000 / 8

    /// What was appended when.
    private final class Bursts: Sendable {
        let list = Mutex<[(from: UInt64, to: UInt64, time: NIODeadline)]>([])
    }

    /// Bytes in which nothing repeats: what is left of a log when the codec is done with it.
    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes += $0 } }
        return Array(bytes.prefix(count))
    }

    /// - Parameter burst: bytes appended at a time, once per `interval`.
    private func run(backlog: Int, burst: Int, interval: TimeAmount) async throws -> (worst: TimeAmount, count: Int) {
        let collector = try await CollectorSide.start()
        let relay = try await PacedRelay.start(to: collector.port, bytesPerSecond: Self.bytesPerSecond)
        let agent = try AgentSide(port: relay.port)
        agent.log.withState { $0.isLiveFirst = true }
        agent.log.grow(Self.noise(backlog, seed: 21))
        agent.start()
        // On an event loop, which does not wait for other tests as this function does.
        let bursts = Bursts()
        let log = agent.log
        let source = MultiThreadedEventLoopGroup.singleton.any().scheduleRepeatedTask(
            initialDelay: .zero, delay: interval
        ) { _ in
            guard let end = log.held.last?.to else { return }
            bursts.list.withLock { $0.append((end, end + UInt64(burst), .now())) }
            agent.grow(Self.noise(burst, seed: end))
        }
        let old = LogRange(epoch: 1, from: 0, to: UInt64(backlog))
        #expect(await eventually(within: .minutes(5)) { collector.replica.withState { $0.held.contains(old) } })
        source.cancel()
        // The one that is being made.
        try await Task.sleep(for: .milliseconds(100))
        let end = try #require(log.held.last).to
        let whole = LogRange(epoch: 1, from: 0, to: end)
        #expect(await eventually { collector.replica.withState { $0.held.contains(whole) } })
        #expect(collector.replica.bytes(of: 1) == log.bytes(of: 1))
        #expect(collector.replica.repeated == 0)
        #expect(agent.welcomes == 1)
        let start = try #require(log.withState(\.liveStarts).first).offset
        let arrived = bursts.list.withLock { $0 }.filter { $0.from >= start }.map { burst in
            collector.replica.arrival(of: 1, from: burst.from, to: burst.to).map { $0 - burst.time }
        }
        agent.stop()
        await relay.stop()
        await collector.stop()
        return (arrived.compactMap { $0 }.max() ?? .zero, arrived.count)
    }

    @Test func `live data arrive within moments while the backlog fills the link`() async throws {
        let size = Self.isSoak ? 20 << 20 : 1_500_000
        let (worst, count) = try await run(backlog: size, burst: 5_000, interval: .milliseconds(250))
        #expect(count >= 10)
        // Under a second on an idle machine; in order, the first bursts would take six.
        #expect(worst < .seconds(4))
    }

    @Test(.enabled(if: isSoak)) func `a large scrape arrives within five seconds`() async throws {
        let (worst, count) = try await run(backlog: 8 << 20, burst: 200_000, interval: .seconds(5))
        #expect(count > 5)
        #expect(worst < .seconds(5))
    }
}
