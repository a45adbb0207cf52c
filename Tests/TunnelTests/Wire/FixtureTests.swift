import Foundation
import NIOCore
import ScrapeLog
import Testing

@testable import Tunnel

/// Exchanges that releases have put on the wire, recorded: every later release reads them (`Tests/Fixtures/wire`).
@Suite struct FixtureTests {
    private static let epoch: UInt64 = 0x0123_4567_89AB_CDEF
    private static let first = "up 1\nnode_load1 0.25\nnode_load5 0.5\nnode_load15 0.75\n"
    private static let second = "up 1\nnode_load1 0.26\nnode_load5 0.5\nnode_load15 0.75\n"

    private static func range(_ from: UInt64, _ to: UInt64) -> LogRange { LogRange(epoch: epoch, from: from, to: to) }

    private func stream(_ name: String) throws -> ByteBuffer {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/wire/2")
        return ByteBuffer(bytes: try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// The frames of a recording, whole or byte by byte.
    private func frames(_ name: String, isCut: Bool) throws -> [Frame] {
        var stream = try stream(name)
        var decoder = FrameDecoder(maximumPayload: FrameLimits.fromAgent)
        var frames: [Frame] = []
        while let part = stream.readSlice(length: isCut ? min(1, stream.readableBytes) : stream.readableBytes),
            part.readableBytes > 0
        {
            decoder.append(part)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(!decoder.isMidFrame)
        return frames
    }

    static let fromAgent: [Frame] = [
        .hello(
            .init(
                minimumVersion: 2, maximumVersion: 2, instance: 0x1122_3344_5566_7788, clock: 1_700_000_000_123_456,
                isProbe: false, logVersion: 2, build: "culvert/0.3.0",
                held: [LogRange(epoch: 7, from: 100, to: 200), range(0, 300)])),
        .gap(.init(range: LogRange(epoch: 7, from: 0, to: 100), scrapes: 12, reason: "log over its maximum size")),
        .ping(.init(sequence: 1, clock: 1_700_000_000_200_000)),
        .pong(.init(sequence: 9, echo: 1_700_000_000_150_000, clock: 1_700_000_000_250_000)),
        .goAway(.init(code: 1, reconnectMilliseconds: 0, message: "agent stops")),
    ]

    static let fromCollector: [Frame] = [
        // It did not name the log versions that it reads: 2 was all there was.
        .welcome(
            .init(
                version: 2, connection: 42, clock: 1_700_000_000_130_000, credit: 4 << 20, collector: "collector",
                held: [LogRange(epoch: 7, from: 0, to: 150)], logVersions: [2])),
        .ping(.init(sequence: 9, clock: 1_700_000_000_150_000)),
        .pong(.init(sequence: 1, echo: 1_700_000_000_200_000, clock: 1_700_000_000_210_000)),
        .ack([LogRange(epoch: 7, from: 0, to: 200), range(0, 109)]),
        .credit(1 << 20),
        .goAway(.init(code: 6, reconnectMilliseconds: 1_000, message: "send again what could not be kept")),
        .reject(
            .init(
                code: 5, retryAfterMilliseconds: 10_000, clock: 1_700_000_001_000_000,
                message: "agent vpc-a is connected from 192.0.2.1 and answers")),
    ]

    @Test(arguments: [false, true])
    func `an agent's words of protocol version 2 are understood`(isCut: Bool) throws {
        let frames = try frames("agent", isCut: isCut)
        var appends: [Frame.Append] = []
        let rest = frames.filter { frame in
            guard case .append(let append) = frame else { return true }
            appends.append(append)
            return false
        }
        #expect(rest == Self.fromAgent)
        let compressor = RangeCompressorBox()
        try #require(appends.count == 2)
        #expect(appends[0].range == Self.range(0, 53) && appends[0].prefix.isEmpty)
        #expect(appends[1].range == Self.range(53, 106) && appends[1].prefix == 0..<53)
        let first = try compressor.decompress(appends[0].compressed, prefix: ByteBuffer(), count: 53)
        #expect(String(buffer: first) == Self.first)
        let second = try compressor.decompress(
            appends[1].compressed, prefix: ByteBuffer(string: Self.first), count: 53)
        #expect(String(buffer: second) == Self.second)
    }

    @Test(arguments: [false, true])
    func `a collector's words of protocol version 2 are understood`(isCut: Bool) throws {
        #expect(try frames("collector", isCut: isCut) == Self.fromCollector)
    }

    static let answers: [Frame] = [
        .checksums(
            .init(
                id: 3, outcome: .done, parts: [RangeChecksum(range: range(0, 106), checksum: 0xDEAD_BEEF)],
                held: [LogRange(epoch: 7, from: 100, to: 200), range(0, 300)])),
        .checksums(.init(id: 4, outcome: .busy)),
    ]

    static let questions: [Frame] = [
        .welcome(
            .init(
                version: 2, connection: 43, clock: 1_700_000_002_000_000, credit: 4 << 20, collector: "collector",
                held: [], logVersions: [2, 3])),
        .checksumRequest(.init(id: 3, ranges: [range(0, 106), LogRange(epoch: 7, from: 0, to: 200)])),
    ]

    @Test(arguments: [false, true])
    func `versions of the log and checksums are understood`(isCut: Bool) throws {
        #expect(try frames("agent-verify", isCut: isCut) == Self.answers)
        #expect(try frames("collector-verify", isCut: isCut) == Self.questions)
    }

    @Test func `sessions of today take the recorded exchange`() throws {
        let now = NIODeadline.now()
        var agent = AgentSession(timers: TunnelTimers(), now: now)
        let held = [LogRange(epoch: 7, from: 100, to: 200), Self.range(0, 300)]
        for frame in try frames("collector", isCut: false) {
            _ = try agent.receive(frame, clock: 0, held: held)
        }
        var collector = CollectorSession(timers: TunnelTimers(), now: now)
        for frame in try frames("agent", isCut: false) {
            _ = try collector.receive(frame, clock: 0)
            if case .hello = frame {
                _ = collector.welcome(.make(), now: now, clock: 0)
            }
        }
        #expect(!collector.isOpen && !agent.isOpen)
    }
}
