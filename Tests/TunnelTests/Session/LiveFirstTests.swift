import NIOCore
import ScrapeLog
import Testing

@testable import Tunnel

/// Live data before backlog: two fronts on one connection.
@Suite struct LiveFirstTests {
    let now = NIODeadline.now()

    private func open(_ held: [LogRange], credit: UInt32 = Protocol.initialCredit, theirs: [LogRange] = []) throws
        -> AgentSession
    {
        var session = AgentSession(timers: TunnelTimers(), now: now)
        _ = try session.receive(.welcome(.make(credit: credit, held: theirs)), clock: 0, held: held)
        return session
    }

    /// Sends what may go, with the marks behind backlog; returns the portions.
    private func send(_ session: inout AgentSession, _ held: [LogRange]) -> [AgentSession.Portion] {
        var portions: [AgentSession.Portion] = []
        while let next = session.nextAppend(held: held) {
            portions.append(next)
            if next.isBacklog { _ = session.mark(next, now: now, clock: 0) }
        }
        return portions
    }

    /// Everything under way has arrived at once.
    private func arrive(_ session: inout AgentSession, _ portions: [AgentSession.Portion]) throws {
        session.received(now: now)
        for sequence in 0..<200 as Range<UInt32> {
            _ = try session.receive(.pong(.init(sequence: sequence, echo: 0, clock: 0)), clock: 0, held: [])
        }
        let bytes = portions.reduce(0) { $0 + $1.range.count }
        _ = try session.receive(.credit(UInt32(bytes)), clock: 0, held: [])
    }

    @Test func `what is appended after the start goes first, whatever is left behind it`() throws {
        let old = [LogRange(epoch: 7, from: 0, to: 3_000_000), LogRange(epoch: 8, from: 0, to: 5_000_000)]
        var session = try open(old, theirs: [LogRange(epoch: 7, from: 0, to: 2_990_000)])
        session.prioritize(from: LiveStart(epoch: 8, offset: 5_000_000), held: old)
        // Nothing live yet: backlog, as much as may be under way.
        let first = send(&session, old)
        #expect(first.allSatisfy(\.isBacklog) && !first.isEmpty)
        #expect(first.first?.range == LogRange(epoch: 7, from: 2_990_000, to: 3_000_000))
        #expect(first.reduce(0) { $0 + $1.range.count } < 128 << 10)
        // Live data come, and go although backlog must wait.
        var held = old
        held[1].to = 5_400_000
        let second = send(&session, held)
        #expect(second.map(\.isBacklog) == [false, false])
        #expect(second.first?.range == LogRange(epoch: 8, from: 5_000_000, to: 5_000_000 + 262_144))
        #expect(second.last?.range.to == 5_400_000)
        // An epoch that begins later is live too.
        held.append(LogRange(epoch: 3, from: 0, to: 100))
        let newer = send(&session, held)
        #expect(newer.map(\.range) == [LogRange(epoch: 3, from: 0, to: 100)])
        // The rest follows, in order, until both fronts meet.
        var late: [LogRange] = first.map(\.range)
        var portions = first + second
        while session.hasBacklog {
            try arrive(&session, portions)
            portions = send(&session, held)
            late += portions.map(\.range)
        }
        #expect(
            LogRangeSet(late).ranges == [
                LogRange(epoch: 7, from: 2_990_000, to: 3_000_000), LogRange(epoch: 8, from: 0, to: 5_000_000),
            ])
        #expect(late.reduce(0) { $0 + $1.count } == 5_010_000)
        #expect(zip(late, late.dropFirst()).allSatisfy { ($0.epoch, $0.to) <= ($1.epoch, $1.from) })
    }

    @Test func `backlog leaves half of the credit to live data`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 50_000_000)]
        var session = try open(held)
        session.prioritize(from: LiveStart(epoch: 1, offset: 50_000_000), held: held)
        // Everything arrives at once, but no credit comes back.
        var sent: UInt64 = 0
        for _ in 0..<1000 {
            sent += send(&session, held).reduce(0) { $0 + $1.range.count }
            session.received(now: now)
            for sequence in 0..<300 as Range<UInt32> {
                _ = try session.receive(.pong(.init(sequence: sequence, echo: 0, clock: 0)), clock: 0, held: [])
            }
        }
        #expect(sent == UInt64(Protocol.initialCredit) / 2)
        let grown = [LogRange(epoch: 1, from: 0, to: 60_000_000)]
        let live = send(&session, grown)
        #expect(live.allSatisfy { !$0.isBacklog })
        #expect(live.reduce(0) { $0 + $1.range.count } == UInt64(Protocol.initialCredit) / 2)
    }

    @Test func `each front has prefixes of its own, from what was sent on this connection`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 200_000)]
        var session = try open(held, theirs: [LogRange(epoch: 1, from: 0, to: 50_000)])
        session.prioritize(from: LiveStart(epoch: 1, offset: 200_000), held: held)
        let backlog = send(&session, held)
        #expect(backlog.first?.prefix.isEmpty == true)
        #expect(
            backlog.dropFirst().allSatisfy { $0.prefix.upperBound == $0.range.from && $0.prefix.lowerBound >= 50_000 })
        let grown = [LogRange(epoch: 1, from: 0, to: 210_000)]
        let live = send(&session, grown)
        #expect(live.first?.range.from == 200_000 && live.first?.prefix.isEmpty == true)
        let further = send(&session, [LogRange(epoch: 1, from: 0, to: 220_000)])
        #expect(further.first?.prefix == 200_000..<210_000)
    }

    @Test func `without much to catch up everything goes in order, as far as credit goes`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 6_000_000)]
        var session = try open(held)
        let portions = send(&session, held)
        #expect(portions.allSatisfy { !$0.isBacklog })
        #expect(portions.reduce(0) { $0 + $1.range.count } == UInt64(Protocol.initialCredit))
    }

    @Test func `pings behind backlog say nothing about clocks`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 200_000)]
        var session = try open(held)
        session.prioritize(from: LiveStart(epoch: 1, offset: 200_000), held: held)
        let before = session.clock
        let portion = session.nextAppend(held: held)
        guard case .send(.ping(let ping)) = session.mark(try #require(portion), now: now, clock: 5) else {
            Issue.record("expected a ping")
            return
        }
        session.received(now: now + .seconds(1))
        _ = try session.receive(
            .pong(.init(sequence: ping.sequence, echo: 5, clock: 9_000_000)), clock: 1_000_005, held: held)
        #expect(session.clock == before)
    }

    @Test func `a collector that leaves answers out is asked again, every second`() throws {
        let held = [LogRange(epoch: 1, from: 0, to: 2_000_000)]
        var session = try open(held)
        session.prioritize(from: LiveStart(epoch: 1, offset: 2_000_000), held: held)
        _ = send(&session, held)
        session.sent(now: now)
        let nothing = send(&session, held)
        #expect(nothing.isEmpty)
        #expect(session.tick(now: now + .milliseconds(500), clock: 0).isEmpty)
        guard case .send(.ping(let ping))? = session.tick(now: now + .seconds(1), clock: 0).first else {
            Issue.record("expected a ping")
            return
        }
        session.received(now: now + .seconds(2))
        _ = try session.receive(.pong(.init(sequence: ping.sequence, echo: 0, clock: 0)), clock: 0, held: held)
        let more = send(&session, held)
        #expect(more.first?.isBacklog == true)
    }
}
