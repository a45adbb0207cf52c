import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// The agent's end: what it sends, what it believes, when it gives up.
@Suite struct AgentSessionTests {
    let start = NIODeadline.now()

    private func open(
        _ welcome: Frame.Welcome = .make(), held: [LogRange] = []
    ) throws -> (session: AgentSession, actions: [AgentSession.Action]) {
        var session = AgentSession(timers: TunnelTimers(), now: start)
        let actions = try session.receive(.welcome(welcome), clock: 0, held: held)
        return (session, actions)
    }

    private func sample(_ type: FrameType) -> Frame {
        var generator = FrameGenerator(random: SeededGenerator(seed: 9))
        return generator.frame(type)
    }

    private func next(
        _ session: inout AgentSession, _ held: [LogRange]
    ) throws -> AgentSession.Portion {
        let next = session.nextAppend(held: held)
        return try #require(next)
    }

    // MARK: States and frames

    @Test func `it is not open before Welcome, and pings at once when it is`() throws {
        let session = AgentSession(timers: TunnelTimers(), now: start)
        #expect(!session.isOpen)
        let (opened, actions) = try open()
        #expect(opened.isOpen)
        #expect(actions == [.opened(.make()), .send(.ping(.init(sequence: 1, clock: 0)))])
    }

    @Test(arguments: FrameType.allCases)
    func `before Welcome only Welcome, Reject and GoAway are allowed`(type: FrameType) throws {
        var session = AgentSession(timers: TunnelTimers(), now: start)
        var frame = sample(type)
        if type == .welcome { frame = .welcome(.make()) }
        if [.welcome, .reject, .goAway].contains(type) {
            #expect(try !session.receive(frame, clock: 0, held: []).isEmpty)
        } else {
            let error = #expect(throws: WireError.self) { try session.receive(frame, clock: 0, held: []) }
            #expect(error?.code == .unexpected)
        }
    }

    @Test(arguments: FrameType.allCases)
    func `after Welcome what only an agent says is refused`(type: FrameType) throws {
        var (session, _) = try open()
        if [.ack, .credit, .ping, .pong, .goAway, .checksumRequest].contains(type) {
            _ = try session.receive(sample(type), clock: 0, held: [])
        } else {
            let error = #expect(throws: WireError.self) { try session.receive(sample(type), clock: 0, held: []) }
            #expect(error?.code == .unexpected)
        }
    }

    @Test(arguments: FrameType.allCases)
    func `after the end every frame is ignored, and nothing is sent`(type: FrameType) throws {
        var (session, _) = try open()
        #expect(session.goodbye().count == 1)
        #expect(try session.receive(sample(type), clock: 0, held: []).isEmpty)
        #expect(session.goodbye().isEmpty)
        #expect(session.tick(now: start + .hours(1), clock: 0).isEmpty)
        #expect(session.nextAppend(held: [LogRange(epoch: 1, from: 0, to: 10)]) == nil)
    }

    @Test func `a protocol version that was not offered is refused`() {
        #expect(throws: WireError.self) { try open(.make(version: Protocol.maximumVersion + 1)) }
        #expect(throws: WireError.self) { try open(.make(version: 0)) }
    }

    @Test func `a collector that does not read what the agent writes is left, with a reason`() throws {
        let (session, actions) = try open(.make(logVersions: [7, 8]))
        #expect(!session.isOpen)
        guard case .close(let failure, let retryAfter)? = actions.first else {
            Issue.record("expected a close, got \(actions)")
            return
        }
        #expect(failure.reason == "version" && failure.message.contains("7, 8") && !failure.cure.isEmpty)
        #expect(retryAfter == .seconds(60))
        #expect(try open(.make(logVersions: [1, SegmentHeader.currentVersion, 9])).session.isOpen)
    }

    @Test func `one request for checksums is worked on at a time`() throws {
        var (session, _) = try open()
        let request = Frame.ChecksumRequest(id: 1, ranges: [LogRange(epoch: 1, from: 0, to: 5)])
        #expect(try session.receive(.checksumRequest(request), clock: 0, held: []) == [.checksum(request)])
        let second = Frame.ChecksumRequest(id: 2, ranges: [])
        let busy = Frame.Checksums(id: 2, outcome: .busy)
        #expect(try session.receive(.checksumRequest(second), clock: 0, held: []) == [.send(.checksums(busy))])
        session.checksummed()
        #expect(try session.receive(.checksumRequest(second), clock: 0, held: []) == [.checksum(second)])
    }

    // MARK: Positions and credit

    @Test func `what the collector lacks is sent, oldest first, in portions of 256 KiB`() throws {
        let held = [LogRange(epoch: 4, from: 100, to: 500), LogRange(epoch: 9, from: 0, to: 600_000)]
        var (session, _) = try open(
            .make(held: [LogRange(epoch: 4, from: 0, to: 200), LogRange(epoch: 4, from: 300, to: 400)]), held: held)
        var sent: [LogRange] = []
        while let next = session.nextAppend(held: held) { sent.append(next.range) }
        let portion = UInt64(Protocol.maximumAppend)
        #expect(
            sent == [
                LogRange(epoch: 4, from: 200, to: 300), LogRange(epoch: 4, from: 400, to: 500),
                LogRange(epoch: 9, from: 0, to: portion), LogRange(epoch: 9, from: portion, to: 2 * portion),
                LogRange(epoch: 9, from: 2 * portion, to: 600_000),
            ])
    }

    @Test func `the prefix is four times as long as the range, and only over what was sent on this connection`() throws
    {
        let held = [LogRange(epoch: 1, from: 50_000, to: 200_000)]
        // The collector holds more of the past than we do, and misses a part.
        var (session, _) = try open(
            .make(held: [LogRange(epoch: 1, from: 0, to: 60_000), LogRange(epoch: 1, from: 70_000, to: 150_000)]),
            held: held)
        let first = try next(&session, held)
        #expect(first.range == LogRange(epoch: 1, from: 60_000, to: 70_000))
        #expect(first.prefix.isEmpty)
        let second = try next(&session, held)
        #expect(second.range == LogRange(epoch: 1, from: 150_000, to: 200_000))
        #expect(second.prefix.isEmpty)
        let grown = [LogRange(epoch: 1, from: 50_000, to: 300_000)]
        let third = try next(&session, grown)
        #expect(third.range == LogRange(epoch: 1, from: 200_000, to: 300_000))
        #expect(third.prefix == 150_000..<200_000)
        let fourth = try next(&session, [LogRange(epoch: 1, from: 50_000, to: 300_010)])
        #expect(fourth.prefix == 300_000 - 4096..<300_000)
        let fifth = try next(&session, [LogRange(epoch: 1, from: 50_000, to: 305_010)])
        #expect(fifth.prefix == 300_010 - 20_000..<300_010)
        let sixth = try next(&session, [LogRange(epoch: 1, from: 50_000, to: 405_010)])
        #expect(sixth.prefix == 305_010 - 65_536..<305_010)
    }

    @Test func `what a segment repeats of the one before is the prefix, when it was sent on this connection`() throws {
        let old = LogRange(epoch: 1, from: 0, to: 30_000)
        var (session, _) = try open(.make(held: [old]), held: [old])
        func next(to end: UInt64, _ counterpart: LogRange) throws -> Range<UInt64> {
            let next = session.nextAppend(
                held: [LogRange(epoch: 1, from: 0, to: end)],
                counterpart: { range in
                    #expect(range.to == end)
                    return counterpart
                })
            return try #require(next).prefix
        }
        // Sent on an earlier connection: the collector may have deleted it since.
        #expect(try next(to: 40_000, LogRange(epoch: 1, from: 100, to: 9000)).isEmpty)
        #expect(try next(to: 41_000, LogRange(epoch: 1, from: 30_100, to: 39_000)) == 30_100..<39_000)
        // Partly so, of another epoch, not yet sent, or too long: the usual one.
        let usual = { (end: UInt64) in end - 4096..<end }
        #expect(try next(to: 41_001, LogRange(epoch: 1, from: 29_999, to: 39_000)) == usual(41_000))
        #expect(try next(to: 41_002, LogRange(epoch: 2, from: 30_100, to: 39_000)) == usual(41_001))
        #expect(try next(to: 41_003, LogRange(epoch: 1, from: 30_100, to: 41_003)) == usual(41_002))
        #expect(try !next(to: 241_003, LogRange(epoch: 1, from: 30_100, to: 39_000)).isEmpty)
        #expect(try next(to: 241_004, LogRange(epoch: 1, from: 31_000, to: 96_537)) == usual(241_003))
        #expect(try next(to: 241_005, LogRange(epoch: 1, from: 31_000, to: 96_536)) == 31_000..<96_536)
    }

    @Test func `the first bytes of an epoch have no prefix`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 10)]
        var (session, _) = try open(held: held)
        #expect(session.nextAppend(held: held)?.prefix.isEmpty == true)
    }

    @Test func `a gap is never part of a prefix, and is not sent`() throws {
        let held = [LogRange(epoch: 1, from: 1000, to: 2000)]
        var (session, _) = try open(.make(held: [LogRange(epoch: 1, from: 0, to: 400)]), held: held)
        session.announced(LogRange(epoch: 1, from: 400, to: 1000))
        let next = try next(&session, held)
        #expect(next.range == held[0])
        #expect(next.prefix.isEmpty)
    }

    @Test func `nothing is sent beyond the credit, which adds up`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 1_000_000)]
        var (session, _) = try open(.make(credit: 1000), held: held)
        #expect(session.nextAppend(held: held)?.range.count == 1000)
        #expect(session.nextAppend(held: held) == nil)
        _ = try session.receive(.credit(5), clock: 0, held: held)
        _ = try session.receive(.credit(6), clock: 0, held: held)
        #expect(session.nextAppend(held: held)?.range == LogRange(epoch: 1, from: 1000, to: 1011))
        #expect(session.nextAppend(held: held) == nil)
    }

    @Test func `any amount of credit is survived`() throws {
        var (session, _) = try open()
        for _ in 0..<10 { _ = try session.receive(.credit(.max), clock: 0, held: []) }
    }

    @Test func `without credit a Welcome opens, and nothing is sent`() throws {
        var (session, _) = try open(.make(credit: 0))
        #expect(session.nextAppend(held: [LogRange(epoch: 1, from: 0, to: 10)]) == nil)
    }

    @Test func `a collector that holds more of the current epoch than we do makes us begin another`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 5), LogRange(epoch: 2, from: 0, to: 100)]
        let (_, ahead) = try open(.make(held: [LogRange(epoch: 2, from: 0, to: 101)]), held: held)
        #expect(ahead.contains(.beginEpoch))
        let (_, equal) = try open(.make(held: [LogRange(epoch: 2, from: 0, to: 100)]), held: held)
        #expect(!equal.contains(.beginEpoch))
        // A longer tail of a finished epoch is fine.
        let (_, old) = try open(.make(held: [LogRange(epoch: 1, from: 0, to: 50)]), held: held)
        #expect(!old.contains(.beginEpoch))
    }

    @Test func `acknowledgements are passed on`() throws {
        var (session, _) = try open()
        let ranges = [LogRange(epoch: 3, from: 1, to: 9)]
        #expect(try session.receive(.ack(ranges), clock: 0, held: []) == [.acknowledged(ranges)])
    }

    // MARK: Time

    @Test func `it pings when nothing was sent for 15 s, and not before`() throws {
        var (session, _) = try open()
        session.sent(now: start + .seconds(5))
        #expect(session.tick(now: start + .seconds(19), clock: 0).isEmpty)
        #expect(session.tick(now: start + .seconds(20), clock: 42) == [.send(.ping(.init(sequence: 2, clock: 42)))])
    }

    @Test func `it gives up on a collector that is silent for 45 s`() throws {
        var (session, _) = try open()
        session.received(now: start + .seconds(10))
        session.sent(now: start + .seconds(50))
        #expect(session.tick(now: start + .seconds(54), clock: 0).isEmpty)
        let end = session.tick(now: start + .seconds(55), clock: 0)
        guard case .close(let failure, retryAfter: nil)? = end.first else {
            Issue.record("expected a close, got \(end)")
            return
        }
        #expect(failure.reason == "silent")
        #expect(failure.stage == .established)
        #expect(!session.isOpen)
    }

    @Test func `it gives up on a Welcome that does not come within 10 s`() {
        var session = AgentSession(timers: TunnelTimers(), now: start)
        #expect(session.tick(now: start + .milliseconds(9999), clock: 0).isEmpty)
        let end = session.tick(now: start + .seconds(10), clock: 0)
        guard case .close(let failure, _)? = end.first else {
            Issue.record("expected a close, got \(end)")
            return
        }
        #expect(failure.stage == .welcome && failure.reason == "timeout" && !failure.cure.isEmpty)
    }

    @Test func `it gives up on a frame that takes more than 30 s, not on many frames that are always in parts`() throws
    {
        var (session, _) = try open()
        for second in stride(from: 0, through: 120, by: 10) {
            let now = start + .seconds(Int64(second))
            session.received(now: now)
            session.sent(now: now)
            session.progressed(frames: 1, isMidFrame: true, now: now)
            #expect(session.tick(now: now, clock: 0).isEmpty)
        }
        var now = start + .seconds(149)
        session.received(now: now)
        session.sent(now: now)
        session.progressed(frames: 0, isMidFrame: true, now: now)
        #expect(session.tick(now: now, clock: 0).isEmpty)
        now = start + .seconds(150)
        guard case .close(let failure, _)? = session.tick(now: now, clock: 0).first else {
            Issue.record("expected a close")
            return
        }
        #expect(failure.reason == "slow_frame")
    }

    @Test func `a ping is answered with its own clock and ours`() throws {
        var (session, _) = try open()
        let answer = try session.receive(.ping(.init(sequence: 7, clock: 123)), clock: 456, held: [])
        #expect(answer == [.send(.pong(.init(sequence: 7, echo: 123, clock: 456)))])
    }

    // MARK: The end

    @Test(arguments: RejectCode.allCases)
    func `a refusal says what the collector said and what to do`(code: RejectCode) throws {
        var session = AgentSession(timers: TunnelTimers(), now: start)
        let reject = Frame.Reject(code: code.rawValue, retryAfterMilliseconds: 7000, clock: 0, message: "because")
        let actions = try session.receive(.reject(reject), clock: 0, held: [])
        guard case .close(let failure, let retryAfter)? = actions.first else {
            Issue.record("expected a close, got \(actions)")
            return
        }
        #expect(failure.stage == .welcome)
        #expect(failure.message.contains("because"))
        #expect(!failure.cure.isEmpty)
        #expect(failure.reason.allSatisfy { $0.isLowercase || $0 == "_" })
        #expect(retryAfter == .seconds(7))
        #expect(!session.isOpen)
    }

    @Test func `a refusal of a later version, without a delay, is survived`() throws {
        var session = AgentSession(timers: TunnelTimers(), now: start)
        let reject = Frame.Reject(code: 999, retryAfterMilliseconds: 0, clock: .min, message: "?")
        let actions = try session.receive(.reject(reject), clock: .max, held: [])
        guard case .close(let failure, let retryAfter)? = actions.first else {
            Issue.record("expected a close, got \(actions)")
            return
        }
        #expect(failure.reason == "code_999")
        #expect(retryAfter == nil)
    }

    @Test func `a refusal names a clock that is far off, and which way`() {
        let reject = Frame.Reject(code: 1, retryAfterMilliseconds: 0, clock: 600_000_000, message: "no")
        #expect(TunnelFailure.rejected(reject, ownClock: 0).message.contains("600 s behind"))
        #expect(TunnelFailure.rejected(reject, ownClock: 1_200_000_000).message.contains("600 s ahead of"))
        #expect(!TunnelFailure.rejected(reject, ownClock: 610_000_000).message.contains("clock"))
    }

    @Test(arguments: GoAwayCode.allCases)
    func `a collector that goes names the reason and the delay`(code: GoAwayCode) throws {
        var (session, _) = try open()
        let goAway = Frame.GoAway(code: code.rawValue, reconnectMilliseconds: 1234, message: "bye")
        let actions = try session.receive(.goAway(goAway), clock: 0, held: [])
        guard case .close(let failure, let retryAfter)? = actions.first else {
            Issue.record("expected a close, got \(actions)")
            return
        }
        #expect(failure.stage == .established && failure.message.contains("bye"))
        #expect(retryAfter == .milliseconds(1234))
    }
}
