import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// The collector's end: whom it listens to, what it gives back, when it hangs up.
@Suite struct CollectorSessionTests {
    let start = NIODeadline.now()

    private func open(credit: UInt32 = Protocol.initialCredit) throws -> CollectorSession {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        _ = try session.receive(.hello(.make()), clock: 0)
        _ = session.welcome(.make(credit: credit), now: start, clock: 0)
        return session
    }

    private func sample(_ type: FrameType) -> Frame {
        var generator = FrameGenerator(random: SeededGenerator(seed: 9))
        return generator.frame(type)
    }

    private func append(_ from: UInt64, _ to: UInt64) -> Frame.Append {
        .init(range: LogRange(epoch: 1, from: from, to: to), prefix: from..<from, compressed: ByteBuffer())
    }

    // MARK: States and frames

    @Test(arguments: FrameType.allCases)
    func `before Hello nothing but Hello is allowed`(type: FrameType) throws {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        if type == .hello {
            let hello = Frame.Hello.make()
            #expect(try session.receive(.hello(hello), clock: 0) == [.admit(hello)])
        } else {
            let error = #expect(throws: WireError.self) { try session.receive(sample(type), clock: 0) }
            #expect(error?.code == .unexpected)
        }
    }

    @Test(arguments: FrameType.allCases)
    func `before Welcome nothing is allowed after Hello`(type: FrameType) throws {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        _ = try session.receive(.hello(.make()), clock: 0)
        let error = #expect(throws: WireError.self) { try session.receive(sample(type), clock: 0) }
        #expect(error?.code == .unexpected)
    }

    @Test(arguments: FrameType.allCases)
    func `after Welcome what only a collector says is refused`(type: FrameType) throws {
        var session = try open()
        if [.append, .gap, .ping, .pong, .goAway, .checksums].contains(type) {
            _ = try session.receive(sample(type), clock: 0)
        } else {
            let error = #expect(throws: WireError.self) { try session.receive(sample(type), clock: 0) }
            #expect(error?.code == .unexpected)
        }
    }

    @Test(arguments: FrameType.allCases)
    func `after the end every frame is ignored, and nothing is sent`(type: FrameType) throws {
        var session = try open()
        #expect(session.goAway(.shutdown, reconnect: .seconds(1), message: "").count == 2)
        #expect(try session.receive(sample(type), clock: 0).isEmpty)
        #expect(session.applied(1 << 30).isEmpty)
        #expect(session.durable([LogRange(epoch: 1, from: 0, to: 1)], now: start + .hours(1)).isEmpty)
        #expect(session.ping(now: start, clock: 0).isEmpty)
        #expect(session.tick(now: start + .hours(1), clock: 0).isEmpty)
        #expect(session.goAway(.shutdown, reconnect: .zero, message: "").isEmpty)
    }

    @Test func `Welcome and Reject answer a Hello, once`() throws {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        #expect(session.welcome(.make(), now: start, clock: 0).isEmpty)
        #expect(session.reject(.denied, retryAfter: .zero, message: "", clock: 0).isEmpty)
        _ = try session.receive(.hello(.make()), clock: 0)
        #expect(!session.isOpen)
        let actions = session.welcome(.make(), now: start, clock: 5)
        #expect(actions == [.send(.welcome(.make())), .send(.ping(.init(sequence: 1, clock: 5)))])
        #expect(session.isOpen)
        #expect(session.reject(.denied, retryAfter: .zero, message: "", clock: 0).isEmpty)
    }

    @Test func `a refusal carries code, delay, clock and message, and ends the connection`() throws {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        _ = try session.receive(.hello(.make()), clock: 0)
        let actions = session.reject(.duplicate, retryAfter: .seconds(10), message: "taken", clock: 77)
        #expect(
            actions == [
                .send(.reject(.init(code: 5, retryAfterMilliseconds: 10_000, clock: 77, message: "taken"))),
                .close(reason: "duplicate", message: "taken"),
            ])
    }

    @Test func `delays that are negative or enormous are sent as the nearest that can be`() throws {
        for (delay, expected) in [(TimeAmount.seconds(-5), UInt32(0)), (.hours(24 * 365), .max)] {
            var session = try open()
            guard case .send(.goAway(let goAway))? = session.goAway(.shutdown, reconnect: delay, message: "").first
            else {
                Issue.record("expected GoAway")
                return
            }
            #expect(goAway.reconnectMilliseconds == expected)
        }
    }

    // MARK: Credit

    @Test func `bytes beyond the credit end the connection`() throws {
        var session = try open(credit: 1000)
        #expect(try session.receive(.append(append(0, 600)), clock: 0) == [.append(append(0, 600))])
        let error = #expect(throws: WireError.self) { try session.receive(.append(append(600, 1001)), clock: 0) }
        #expect(error?.code == .overrun)
        #expect(try session.receive(.append(append(600, 1000)), clock: 0).count == 1)
    }

    @Test func `credit comes back in portions of a quarter of the window`() throws {
        var session = try open()
        let quarter = UInt64(Protocol.initialCredit / 4)
        #expect(session.applied(quarter - 1).isEmpty)
        #expect(session.applied(1) == [.send(.credit(UInt32(quarter)))])
        #expect(session.applied(1).isEmpty)
    }

    @Test func `an absurd amount of applied bytes is survived`() throws {
        var session = try open()
        #expect(session.applied(.max) == [.send(.credit(.max))])
        _ = session.applied(1)
        #expect(session.applied(.max) == [.send(.credit(.max))])
    }

    @Test func `what is applied may be sent again, and no more`() throws {
        var session = try open()
        let portion = UInt64(Protocol.maximumAppend)
        var offset: UInt64 = 0
        for _ in 0..<100 {
            _ = try session.receive(.append(append(offset, offset + portion)), clock: 0)
            _ = session.applied(portion)
            offset += portion
        }
        // Nothing of this is given back: 16 portions less what is owed.
        var sent = 0
        while (try? session.receive(.append(append(offset, offset + portion)), clock: 0)) != nil {
            offset += portion
            sent += 1
        }
        #expect((12...16).contains(sent))
    }

    // MARK: Acknowledgements

    @Test func `acknowledgements are at least a second apart, and the latest is not lost`() throws {
        var session = try open()
        func ranges(_ to: UInt64) -> [LogRange] { [LogRange(epoch: 1, from: 0, to: to)] }
        #expect(session.durable(ranges(1), now: start) == [.send(.ack(ranges(1)))])
        #expect(session.durable(ranges(2), now: start + .milliseconds(400)).isEmpty)
        #expect(session.durable(ranges(3), now: start + .milliseconds(800)).isEmpty)
        #expect(session.tick(now: start + .milliseconds(999), clock: 0).isEmpty)
        #expect(session.tick(now: start + .seconds(1), clock: 0) == [.send(.ack(ranges(3)))])
        #expect(session.tick(now: start + .seconds(5), clock: 0).isEmpty)
        #expect(session.durable(ranges(4), now: start + .seconds(5)) == [.send(.ack(ranges(4)))])
    }

    // MARK: Time

    @Test func `an agent that says no Hello within 10 s is cut off`() {
        var session = CollectorSession(timers: TunnelTimers(), now: start)
        // Bytes that are no whole frame do not count.
        session.received(now: start + .seconds(9))
        #expect(session.tick(now: start + .milliseconds(9999), clock: 0).isEmpty)
        guard case .close(let reason, _)? = session.tick(now: start + .seconds(10), clock: 0).first else {
            Issue.record("expected a close")
            return
        }
        #expect(reason == "hello_timeout")
    }

    @Test func `an agent that is silent for 45 s is cut off`() throws {
        var session = try open()
        session.received(now: start + .seconds(1))
        #expect(!session.tick(now: start + .milliseconds(45_999), clock: 0).contains { $0.isClose })
        #expect(session.tick(now: start + .seconds(46), clock: 0).contains { $0.isClose })
        #expect(!session.isOpen)
        #expect(session.heard == start + .seconds(1))
    }

    @Test func `an agent that feeds a frame byte by byte is cut off after 30 s`() throws {
        var session = try open()
        for second in 0..<30 {
            let now = start + .seconds(Int64(second))
            session.received(now: now)
            session.progressed(frames: 0, isMidFrame: true, now: now)
            #expect(!session.tick(now: now, clock: 0).contains { $0.isClose })
        }
        #expect(session.tick(now: start + .seconds(30), clock: 0).contains { $0.isClose })
    }

    @Test func `it pings every 15 s, whatever it sends otherwise, because it wants the clock`() throws {
        var session = try open()
        #expect(session.tick(now: start + .milliseconds(14_999), clock: 0).isEmpty)
        #expect(session.tick(now: start + .seconds(15), clock: 9) == [.send(.ping(.init(sequence: 2, clock: 9)))])
    }

    @Test func `a pong changes the clock estimate`() throws {
        var session = try open()
        let actions = try session.receive(.pong(.init(sequence: 1, echo: 1000, clock: 5_002_000)), clock: 3000)
        guard case .clock(let estimate)? = actions.first else {
            Issue.record("expected a clock")
            return
        }
        #expect(estimate.skew == 5_000_000)
        #expect(estimate.roundTrip == 2000)
        #expect(session.clock == estimate)
    }
}

extension CollectorSession.Action {
    fileprivate var isClose: Bool {
        if case .close = self { return true }
        return false
    }
}
