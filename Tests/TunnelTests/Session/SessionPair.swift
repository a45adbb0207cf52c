import NIOCore
import ScrapeLog

@testable import Tunnel

/// Two sessions joined by frames that really are encoded and decoded, with a clock that the test moves. Whatever is
/// under way can be lost with the connection.
struct SessionPair {
    var agent: AgentSession
    var collector: CollectorSession
    var toCollector = ByteBuffer()
    var toAgent = ByteBuffer()
    var agentDecoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
    var collectorDecoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
    private(set) var isClosed = false

    init(hello: Frame.Hello, timers: TunnelTimers = TunnelTimers(), now: NIODeadline) {
        agent = AgentSession(timers: timers, now: now)
        collector = CollectorSession(timers: timers, now: now)
        FrameEncoder.write(.hello(hello), into: &toCollector)
    }

    /// Carries the agent's actions out; returns those that are not about frames.
    mutating func perform(_ actions: [AgentSession.Action]) -> [AgentSession.Action] {
        actions.filter { action in
            switch action {
            case .send(let frame): FrameEncoder.write(frame, into: &toCollector)
            case .opened:
                agentDecoder.maximumPayload = FrameLimits.fromCollector
                return true
            case .close:
                isClosed = true
                return true
            default: return true
            }
            return false
        }
    }

    /// Carries the collector's actions out; returns those that are not about frames.
    mutating func perform(_ actions: [CollectorSession.Action]) -> [CollectorSession.Action] {
        actions.filter { action in
            switch action {
            case .send(let frame): FrameEncoder.write(frame, into: &toAgent)
            case .close:
                isClosed = true
                return true
            default: return true
            }
            return false
        }
    }

    /// The next `count` bytes arrive at the collector.
    mutating func deliverToCollector(_ count: Int, now: NIODeadline) throws(WireError) -> [CollectorSession.Action] {
        guard let bytes = toCollector.readSlice(length: min(count, toCollector.readableBytes)) else { return [] }
        collector.received(now: now)
        collectorDecoder.append(bytes)
        var rest: [CollectorSession.Action] = []
        while let frame = try collectorDecoder.next() {
            let actions = try collector.receive(frame, clock: 0)
            rest += perform(actions)
        }
        return rest
    }

    /// The next `count` bytes arrive at the agent.
    mutating func deliverToAgent(
        _ count: Int, now: NIODeadline, held: [LogRange]
    ) throws(WireError) -> [AgentSession.Action] {
        guard let bytes = toAgent.readSlice(length: min(count, toAgent.readableBytes)) else { return [] }
        agent.received(now: now)
        agentDecoder.append(bytes)
        var rest: [AgentSession.Action] = []
        while let frame = try agentDecoder.next() {
            let actions = try agent.receive(frame, clock: 0, held: held)
            rest += perform(actions)
        }
        return rest
    }
}

extension Frame.Hello {
    static func make(instance: UInt64 = 1, held: [LogRange] = []) -> Frame.Hello {
        Frame.Hello(
            instance: instance, clock: 0, isProbe: false, logVersion: SegmentHeader.currentVersion, build: "test",
            held: held)
    }
}

extension Frame.Welcome {
    static func make(
        version: UInt16 = Protocol.maximumVersion, credit: UInt32 = Protocol.initialCredit, clock: Int64 = 0,
        held: [LogRange] = [], logVersions: [UInt16] = [SegmentHeader.currentVersion]
    ) -> Frame.Welcome {
        Frame.Welcome(
            version: version, connection: 1, clock: clock, credit: credit, collector: "test", held: held,
            logVersions: logVersions)
    }
}
