import NIOCore
import NIOEmbedded
import ScrapeLog
import Testing

@testable import TLS
@testable import Tunnel

/// A collector that found a record damaged is told that it will not come, wherever the damage is.
@Suite struct DamageTests {
    @Test(arguments: [100, 600] as [UInt64])
    func `what is damaged is given up, whether it is old or live, and nothing else`(damage: UInt64) throws {
        let log = MemoryLog()
        log.grow((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        log.withState { $0.damage = damage }
        let channel = EmbeddedChannel()
        let handler = AgentTunnelHandler(
            address: TunnelAddress(host: "collector", port: 1), timers: TunnelTimers(), isProbe: false, instance: 1,
            build: "test", source: log, compressor: RangeCompressorBox(), wallClock: { 0 }, skipsDamage: true,
            onEvent: { _ in })
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeInfo(peer: nil, version: "", cipher: "", group: "", applicationProtocol: nil))
        var welcome = ByteBuffer()
        // Two fronts have come so far.
        let held = [LogRange(epoch: 1, from: 0, to: 100), LogRange(epoch: 1, from: 500, to: 600)]
        FrameEncoder.write(.welcome(.make(held: held)), into: &welcome)
        try channel.writeInbound(welcome)
        var decoder = FrameDecoder(maximumPayload: FrameLimits.fromAgent)
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { decoder.append(bytes) }
        var gaps: [Frame.Gap] = []
        var sent = LogRangeSet()
        while let frame = try decoder.next() {
            if case .gap(let gap) = frame { gaps.append(gap) }
            if case .append(let append) = frame { sent.insert(append.range) }
        }
        let lost = damage == 100 ? LogRange(epoch: 1, from: 100, to: 500) : LogRange(epoch: 1, from: 600, to: 1000)
        let rest = damage == 100 ? LogRange(epoch: 1, from: 600, to: 1000) : LogRange(epoch: 1, from: 100, to: 500)
        #expect(gaps.map(\.range) == [lost])
        #expect(sent.ranges == [rest])
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }
}
