package import NIOCore
package import ScrapeLog

/// The collector's end of one tunnel connection, from TLS to the end. Does no I/O and knows no clock; the channel
/// handler carries out what it returns.
package struct CollectorSession: Sendable {
    package enum Action: Sendable, Hashable {
        case send(Frame)
        /// An agent introduced itself; answer with `welcome` or `reject`.
        case admit(Frame.Hello)
        case append(Frame.Append)
        case gap(Frame.Gap)
        /// The clock estimate changed.
        case clock(ClockEstimate)
        /// The agent answered a request for checksums.
        case checksums(Frame.Checksums)
        /// The agent said goodbye.
        case leaving(Frame.GoAway)
        /// Over: a word for metrics and a sentence.
        case close(reason: String, message: String)
    }

    private enum State: Sendable {
        case awaitingHello(until: NIODeadline)
        case deciding(Frame.Hello)
        case open
        case closed
    }

    private var state: State
    private let timers: TunnelTimers
    private var lastReceived: NIODeadline
    /// When the frame that is not whole yet began.
    private var frameBegan: NIODeadline?
    private var lastPing: NIODeadline
    private var lastAck: NIODeadline
    private var pingSequence: UInt32 = 0
    private var outstandingCredit: UInt64 = 0
    private var owedCredit: UInt32 = 0
    private var owedAck: [LogRange]?
    /// Frames since the last tick that cost the agent no credit.
    private var freeFrames = 0

    /// How many such frames are taken between two ticks, a second.
    private static let maximumFreeFrames = 1_000
    /// The agent's clock against ours.
    package private(set) var clock = ClockEstimate()

    package init(timers: TunnelTimers, now: NIODeadline) {
        self.timers = timers
        self.state = .awaitingHello(until: now + timers.welcome)
        self.lastReceived = now
        self.lastPing = now
        self.lastAck = now - timers.acknowledge
    }

    package var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    /// When the agent was last heard of.
    package var heard: NIODeadline { lastReceived }

    package mutating func received(now: NIODeadline) {
        lastReceived = now
    }

    /// What arrived was cut into frames: how many became whole, and whether another has begun.
    package mutating func progressed(frames: Int, isMidFrame: Bool, now: NIODeadline) {
        frameBegan = isMidFrame ? (frames > 0 ? now : frameBegan ?? now) : nil
    }

    /// A frame arrived. `clock` is our wall clock in microseconds.
    package mutating func receive(_ frame: Frame, clock now: Int64) throws(WireError) -> [Action] {
        switch (state, frame) {
        case (.closed, _): return []
        case (.awaitingHello, .hello(let hello)):
            state = .deciding(hello)
            clock.hint(peer: hello.clock, own: now)
            return [.admit(hello)]
        case (.open, .append(let append)):
            guard append.range.count <= outstandingCredit else {
                throw WireError(
                    .overrun, "the agent sent \(append.range.count) log bytes with credit for \(outstandingCredit)")
            }
            outstandingCredit -= append.range.count
            return [.append(append)]
        case (.open, .gap(let gap)):
            try countFree()
            return [.gap(gap)]
        case (.open, .ping(let ping)):
            try countFree()
            return [.send(.pong(.init(sequence: ping.sequence, echo: ping.clock, clock: now)))]
        case (.open, .pong(let pong)):
            try countFree()
            clock.measure(sent: pong.echo, peer: pong.clock, received: now)
            return [.clock(clock)]
        case (.open, .checksums(let checksums)):
            try countFree()
            return [.checksums(checksums)]
        case (.open, .goAway(let goAway)):
            state = .closed
            return [.leaving(goAway)]
        case (.awaitingHello, _):
            throw WireError(.unexpected, "the agent sent a \(frame.type) frame before Hello")
        case (.deciding, _):
            throw WireError(.unexpected, "the agent sent a \(frame.type) frame before Welcome")
        default:
            throw WireError(.unexpected, "the agent sent a \(frame.type) frame where none is allowed")
        }
    }

    private mutating func countFree() throws(WireError) {
        freeFrames += 1
        guard freeFrames <= Self.maximumFreeFrames else {
            throw WireError(
                .overrun,
                "the agent sent more than \(Self.maximumFreeFrames) gaps, pings, pongs and checksums in a second")
        }
    }

    /// The agent was admitted.
    package mutating func welcome(_ welcome: Frame.Welcome, now: NIODeadline, clock: Int64) -> [Action] {
        guard case .deciding = state else { return [] }
        state = .open
        outstandingCredit = UInt64(welcome.credit)
        return [.send(.welcome(welcome))] + ping(now: now, clock: clock)
    }

    /// The agent was refused.
    package mutating func reject(_ code: RejectCode, retryAfter: TimeAmount, message: String, clock: Int64) -> [Action]
    {
        guard case .deciding = state else { return [] }
        state = .closed
        let milliseconds = UInt32(clamping: retryAfter.nanoseconds / 1_000_000)
        return [
            .send(
                .reject(
                    .init(code: code.rawValue, retryAfterMilliseconds: milliseconds, clock: clock, message: message))),
            .close(reason: code.word, message: message),
        ]
    }

    /// Log bytes were applied: their credit goes back, in portions of a quarter of the window.
    package mutating func applied(_ count: UInt64) -> [Action] {
        guard isOpen else { return [] }
        owedCredit = UInt32(clamping: UInt64(owedCredit) + min(count, UInt64(UInt32.max)))
        guard owedCredit >= Protocol.initialCredit / 4 else { return [] }
        defer { owedCredit = 0 }
        outstandingCredit += UInt64(owedCredit)
        return [.send(.credit(owedCredit))]
    }

    /// These ranges are durable now. Acknowledged at once, or at a later tick when the last was less than a second ago.
    package mutating func durable(_ ranges: [LogRange], now: NIODeadline) -> [Action] {
        guard isOpen else { return [] }
        owedAck = ranges
        return acknowledge(now: now)
    }

    private mutating func acknowledge(now: NIODeadline) -> [Action] {
        guard let ranges = owedAck, now - lastAck >= timers.acknowledge else { return [] }
        owedAck = nil
        lastAck = now
        // One frame names so many; all of them have to be named, or the agent keeps and sends again what is not.
        let step = Protocol.maximumRanges
        return stride(from: 0, to: max(1, ranges.count), by: step).map { first in
            .send(.ack(Array(ranges.dropFirst(first).prefix(step))))
        }
    }

    /// Asks for a sign of life.
    package mutating func ping(now: NIODeadline, clock: Int64) -> [Action] {
        guard isOpen else { return [] }
        lastPing = now
        pingSequence &+= 1
        return [.send(.ping(.init(sequence: pingSequence, clock: clock)))]
    }

    /// Time passed: acknowledgements and pings that are due, and the end of a connection that is silent.
    package mutating func tick(now: NIODeadline, clock: Int64) -> [Action] {
        switch state {
        case .closed, .deciding: return []
        case .awaitingHello(let deadline):
            guard now >= deadline else { return [] }
            state = .closed
            return [
                .close(
                    reason: "hello_timeout",
                    message: "no Hello within \(timers.welcome.nanoseconds / 1_000_000) ms after the TLS handshake")
            ]
        case .open:
            freeFrames = 0
            if now - lastReceived >= timers.dead {
                state = .closed
                return [
                    .close(
                        reason: "silent",
                        message: "nothing was received for \(timers.dead.nanoseconds / 1_000_000_000) s")
                ]
            }
            if let frameBegan, now - frameBegan >= timers.frame {
                state = .closed
                return [
                    .close(
                        reason: "slow_frame",
                        message: "a frame was not complete within \(timers.frame.nanoseconds / 1_000_000) ms")
                ]
            }
            var actions = acknowledge(now: now)
            if now - lastPing >= timers.ping { actions += ping(now: now, clock: clock) }
            return actions
        }
    }

    /// Tells the agent that this side is about to close.
    package mutating func goAway(_ code: GoAwayCode, reconnect: TimeAmount, message: String) -> [Action] {
        guard isOpen else { return [] }
        state = .closed
        let milliseconds = UInt32(clamping: reconnect.nanoseconds / 1_000_000)
        return [
            .send(.goAway(.init(code: code.rawValue, reconnectMilliseconds: milliseconds, message: message))),
            .close(reason: code.word, message: message),
        ]
    }
}
