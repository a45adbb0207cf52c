import NIOCore
import NIOEmbedded
import ScrapeLog
import Testing

@testable import TLS
@testable import Tunnel

/// What is damaged in the log, or cannot be read from it, costs no more than it must.
@Suite struct DamageTests {
    /// An agent's end of a connection, welcomed, whose frames are read here.
    private final class Agent {
        private let channel = EmbeddedChannel()
        private let handler: AgentTunnelHandler
        private var decoder = FrameDecoder(maximumPayload: FrameLimits.fromAgent)
        private(set) var gaps: [LogRange] = []
        /// What was sent, in order.
        private(set) var sent: [LogRange] = []

        init(_ log: MemoryLog, skipsDamage: Bool = false, credit: UInt32 = 1 << 20, holding held: [LogRange]) throws {
            handler = AgentTunnelHandler(
                address: TunnelAddress(host: "collector", port: 1), timers: TunnelTimers(), isProbe: false, instance: 1,
                build: "test", source: log, compressor: RangeCompressorBox(), wallClock: { 0 },
                skipsDamage: skipsDamage, onEvent: { _ in })
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try channel.pipeline.syncOperations.addHandler(handler)
            channel.pipeline.fireUserInboundEventTriggered(
                TLSHandshakeInfo(peer: nil, version: "", cipher: "", group: "", applicationProtocol: nil))
            try receive(.welcome(.make(credit: credit, held: held)))
        }

        var isOpen: Bool { channel.isActive }

        func receive(_ frame: Frame) throws {
            var bytes = ByteBuffer()
            FrameEncoder.write(frame, into: &bytes)
            try channel.writeInbound(bytes)
            try collect()
        }

        /// Seconds pass, in which the collector shows that it lives.
        func advance(seconds: Int) throws {
            for second in 0..<seconds {
                channel.embeddedEventLoop.advanceTime(by: .seconds(1))
                try receive(.ping(.init(sequence: UInt32(second), clock: 0)))
            }
        }

        private func collect() throws {
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { decoder.append(bytes) }
            while let frame = try decoder.next() {
                if case .gap(let gap) = frame { gaps.append(gap.range) }
                if case .append(let append) = frame { sent.append(append.range) }
            }
        }

        func close() { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    private static func range(_ from: UInt64, _ to: UInt64) -> LogRange { LogRange(epoch: 1, from: from, to: to) }

    @Test(arguments: [100, 600] as [UInt64])
    func `what is damaged is given up, whether it is old or live, and nothing else`(damage: UInt64) throws {
        let log = MemoryLog()
        log.grow((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { $0.damage = damage }
        // Two fronts have come so far.
        let agent = try Agent(log, skipsDamage: true, holding: [Self.range(0, 100), Self.range(500, 600)])
        let lost = damage == 100 ? Self.range(100, 500) : Self.range(600, 1000)
        let rest = damage == 100 ? Self.range(600, 1000) : Self.range(100, 500)
        #expect(agent.gaps == [lost])
        #expect(LogRangeSet(agent.sent).ranges == [rest])
        agent.close()
    }

    @Test func `what the disk does not give out now is sent a minute later, without a new connection`() throws {
        let log = MemoryLog()
        log.grow((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { $0.unreadable = Self.range(300, 500) }
        let agent = try Agent(log, credit: 1000, holding: [Self.range(0, 100)])
        #expect(agent.sent == [Self.range(100, 300), Self.range(500, 1000)] && agent.gaps == [])
        try agent.advance(seconds: 58)
        log.withState { $0.unreadable = nil }
        #expect(agent.sent.count == 2)
        try agent.advance(seconds: 3)
        // What could not be read has cost no credit.
        #expect(agent.sent == [Self.range(100, 300), Self.range(500, 1000), Self.range(300, 500)])
        #expect(agent.gaps == [] && agent.isOpen)
        agent.close()
    }

    @Test func `what the disk does not give out for good is announced, and the rest follows`() throws {
        let log = MemoryLog()
        log.grow((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { ($0.unreadable, $0.isLost) = (Self.range(300, 500), true) }
        let agent = try Agent(log, credit: 1000, holding: [Self.range(0, 100)])
        #expect(agent.sent == [Self.range(100, 300), Self.range(500, 1000)])
        #expect(agent.gaps == [Self.range(300, 500)] && agent.isOpen)
        agent.close()
    }

    @Test func `a log that forgot what it was asked for makes a new connection`() throws {
        let log = MemoryLog()
        log.grow((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { ($0.unreadable, $0.isForgotten) = (Self.range(300, 500), true) }
        let agent = try Agent(log, holding: [Self.range(0, 100)])
        #expect(agent.gaps == [] && !agent.isOpen)
    }
}
