package import NIOCore
package import ScrapeLog

/// The agent's end of one tunnel connection, from TLS to the end: what to send, what a frame means, when the other
/// side is dead. Does no I/O and knows no clock; the channel handler carries out what it returns.
package struct AgentSession: Sendable {
    package enum Action: Sendable, Hashable {
        case send(Frame)
        /// The collector accepted us: connected.
        case opened(Frame.Welcome)
        /// What the collector holds durably.
        case acknowledged([LogRange])
        /// The collector asks for checksums; `checksummed` is to be called when the answer has been sent.
        case checksum(Frame.ChecksumRequest)
        /// The collector holds more of our current epoch than we do: our log lost its tail.
        case beginEpoch
        /// Over; `retryAfter` when the collector asked for a delay.
        case close(TunnelFailure, retryAfter: TimeAmount?)
    }

    /// What one Append carries.
    package struct Portion: Sendable, Hashable {
        package var range: LogRange
        /// The bytes before it that it is compressed after; empty for none.
        package var prefix: Range<UInt64>
        /// Older than what goes first on this connection: `mark` is to follow it.
        package var isBacklog = false
    }

    private enum State: Sendable {
        case awaitingWelcome(until: NIODeadline)
        case open
        case closed
    }

    private var state: State
    private let timers: TunnelTimers
    private var lastSent: NIODeadline
    private var lastReceived: NIODeadline
    /// When the frame that is not whole yet began.
    private var frameBegan: NIODeadline?
    private var pingSequence: UInt32 = 0
    /// Raw log bytes that may still be sent.
    private(set) var credit: UInt64 = 0
    /// What of it backlog has to leave.
    private var reserve: UInt64 = 0
    /// nil while everything goes in order.
    private var fronts: Fronts?
    private var pace = BacklogPace()
    private var isChecksumming = false
    /// The log format version that the agent writes.
    private let logVersion: UInt16
    /// What the collector holds or has been sent on this connection.
    private var delivered = LogRangeSet()
    /// What was sent on this connection: what the collector certainly has at hand, and so the only thing a prefix may
    /// reach over. Its word that it holds something includes what it has deleted since.
    private var sent = LogRangeSet()
    /// What could not be read, and when to try again; counts as delivered until then.
    private var postponed: [(range: LogRange, until: NIODeadline)] = []
    /// The collector's clock against ours.
    package private(set) var clock = ClockEstimate()

    package init(
        timers: TunnelTimers, logVersion: UInt16 = SegmentHeader.currentVersion, now: NIODeadline
    ) {
        self.timers = timers
        self.logVersion = logVersion
        self.state = .awaitingWelcome(until: now + timers.welcome)
        self.lastSent = now
        self.lastReceived = now
    }

    package var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    /// Any bytes arrived.
    package mutating func received(now: NIODeadline) {
        lastReceived = now
    }

    /// What arrived was cut into frames: how many became whole, and whether another has begun.
    package mutating func progressed(frames: Int, isMidFrame: Bool, now: NIODeadline) {
        frameBegan = isMidFrame ? (frames > 0 ? now : frameBegan ?? now) : nil
    }

    /// Any bytes were written.
    package mutating func sent(now: NIODeadline) {
        lastSent = now
    }

    /// A frame arrived. `clock` is our wall clock in microseconds, `held` what our log holds.
    package mutating func receive(_ frame: Frame, clock now: Int64, held: [LogRange]) throws(WireError) -> [Action] {
        switch (state, frame) {
        case (.closed, _): return []
        case (.awaitingWelcome, .welcome(let welcome)): return try open(welcome, clock: now, held: held)
        case (.awaitingWelcome, .reject(let reject)):
            state = .closed
            return [
                .close(
                    // No wish means our own backoff, not a dial at once.
                    .rejected(reject, ownClock: now),
                    retryAfter: reject.retryAfterMilliseconds == 0
                        ? nil : .milliseconds(Int64(reject.retryAfterMilliseconds)))
            ]
        case (_, .goAway(let goAway)):
            let wasOpen = isOpen
            state = .closed
            return [
                .close(
                    .wentAway(goAway, isOpen: wasOpen), retryAfter: .milliseconds(Int64(goAway.reconnectMilliseconds)))
            ]
        case (.open, .ack(let ranges)):
            for range in ranges { delivered.insert(range) }
            return [.acknowledged(ranges)]
        case (.open, .credit(let bytes)):
            credit = min(credit + UInt64(bytes), 1 << 32)
            return []
        case (.open, .ping(let ping)):
            return [.send(.pong(.init(sequence: ping.sequence, echo: ping.clock, clock: now)))]
        case (.open, .pong(let pong)):
            // Those that went behind backlog have waited with it, which says nothing about clocks.
            guard !pace.answered(pong.sequence, now: lastReceived) else { return [] }
            clock.measure(sent: pong.echo, peer: pong.clock, received: now)
            return []
        case (.open, .checksumRequest(let request)):
            guard !isChecksumming else { return [.send(.checksums(.init(id: request.id, outcome: .busy)))] }
            isChecksumming = true
            return [.checksum(request)]
        default:
            throw WireError(.unexpected, "the collector sent a \(frame.type) frame where none is allowed")
        }
    }

    private mutating func open(_ welcome: Frame.Welcome, clock now: Int64, held: [LogRange]) throws(WireError)
        -> [Action]
    {
        guard (Protocol.minimumVersion...Protocol.maximumVersion).contains(welcome.version) else {
            throw WireError(
                .malformed, "the collector chose protocol version \(welcome.version), which was not offered")
        }
        guard welcome.logVersions.contains(logVersion) else {
            state = .closed
            return [.close(.logVersion(logVersion, read: welcome.logVersions), retryAfter: .seconds(60))]
        }
        state = .open
        credit = UInt64(welcome.credit)
        // A window this small comes back too late to be halved.
        reserve = welcome.credit >= Protocol.initialCredit / 2 ? UInt64(welcome.credit) / 2 : 0
        delivered = LogRangeSet(welcome.held)
        clock.hint(peer: welcome.clock, own: now)
        pingSequence += 1
        var actions: [Action] = []
        if let current = held.last, let end = delivered.ranges(of: current.epoch).last?.to, end > current.to {
            actions.append(.beginEpoch)
        }
        return actions + [.opened(welcome), .send(.ping(.init(sequence: pingSequence, clock: now)))]
    }

    /// What of the log the collector neither holds nor has been sent on this connection, oldest first.
    package func lacking(of held: [LogRange]) -> [LogRange] { held.flatMap { delivered.missing(from: $0) } }

    /// From now on what is appended from `start` on goes first, and what is before follows behind it.
    package mutating func prioritize(from start: LiveStart, held: [LogRange]) {
        fronts = Fronts(start, held: held)
    }

    /// Whether there are two fronts, and the one behind has not arrived at the other yet.
    package var hasBacklog: Bool { fronts != nil }

    /// The next Append to send: a range of at most 256 KiB that the collector lacks, and the range it may use as prefix.
    /// Live data first, then backlog, oldest first, as far as `BacklogPace` and half of the credit allow. Nil when there is
    /// nothing to send or no credit. Counts it as sent.
    ///
    /// - Parameter counterpart: an earlier place of the epoch that is probably like a range: the dictionary and keyframes
    ///   of the segment before. It becomes the prefix when all of it was sent on this connection; else the bytes just
    ///   before the range do.
    package mutating func nextAppend(
        held: [LogRange], counterpart: (LogRange) -> LogRange? = { _ in nil }
    ) -> Portion? {
        guard isOpen, credit > 0 else { return nil }
        let largest = min(UInt64(Protocol.maximumAppend), credit)
        guard let fronts else { return firstMissing(held, { $0 }, largest, counterpart) }
        if let live = firstMissing(held, fronts.live, largest, counterpart) { return live }
        guard credit > reserve, pace.hasRoom else { return nil }
        if var late = firstMissing(held, fronts.backlog, min(pace.portion, credit - reserve), counterpart) {
            late.isBacklog = true
            return late
        }
        // Caught up: from here on everything goes in order again.
        self.fronts = nil
        return nil
    }

    private mutating func firstMissing(
        _ held: [LogRange], _ part: (LogRange) -> LogRange, _ largest: UInt64, _ counterpart: (LogRange) -> LogRange?
    ) -> Portion? {
        for range in held {
            guard var missing = delivered.firstMissing(from: part(range)) else { continue }
            let length = min(missing.count, largest)
            missing.to = missing.from + length
            let prefix = prefix(for: missing, of: range, counterpart(missing))
            credit -= length
            delivered.insert(missing)
            sent.insert(missing)
            return Portion(range: missing, prefix: prefix)
        }
        return nil
    }

    /// What is sent behind a portion of backlog, to learn when it has arrived.
    package mutating func mark(_ portion: Portion, now: NIODeadline, clock: Int64) -> Action {
        pingSequence &+= 1
        pace.sent(portion.range.count, mark: pingSequence, now: now)
        return .send(.ping(.init(sequence: pingSequence, clock: clock)))
    }

    /// The checksums asked for have been sent.
    package mutating func checksummed() { isChecksumming = false }

    private func prefix(for range: LogRange, of held: LogRange, _ counterpart: LogRange?) -> Range<UInt64> {
        if let counterpart, counterpart.epoch == range.epoch, counterpart.to <= range.from,
            counterpart.count <= UInt64(Protocol.maximumPrefix(for: Int(clamping: range.count))),
            sent.contains(counterpart)
        {
            return counterpart.from..<counterpart.to
        }
        guard let start = sent.start(ofRangeEndingAt: range.from, epoch: range.epoch) else {
            return range.from..<range.from
        }
        let reach = range.from - min(range.from, UInt64(Protocol.usualPrefix(for: Int(clamping: range.count))))
        return max(start, held.from, reach)..<range.from
    }

    /// This part of what `nextAppend` gave was not sent.
    package mutating func takeBack(_ range: LogRange) {
        credit = min(credit + range.count, 1 << 32)
        delivered.remove(range)
        sent.remove(range)
    }

    /// How long what could not be read is left in peace.
    package static let postponement = TimeAmount.seconds(60)

    /// Goes on without `range` for a while.
    package mutating func postpone(_ range: LogRange, now: NIODeadline) {
        delivered.insert(range)
        postponed.append((range, now + Self.postponement))
    }

    /// A gap was announced: its bytes count as delivered.
    package mutating func announced(_ gap: LogRange) {
        delivered.insert(gap)
    }

    /// Time passed. Pings when nothing was sent for a while, ends a connection that is silent.
    package mutating func tick(now: NIODeadline, clock: Int64) -> [Action] {
        for due in postponed where due.until <= now { delivered.remove(due.range) }
        postponed.removeAll { $0.until <= now }
        switch state {
        case .closed: return []
        case .awaitingWelcome(let deadline):
            guard now >= deadline else { return [] }
            state = .closed
            return [.close(.noWelcome(after: timers.welcome), retryAfter: nil)]
        case .open:
            if now - lastReceived >= timers.dead {
                state = .closed
                return [.close(.silent(for: timers.dead), retryAfter: nil)]
            }
            if let frameBegan, now - frameBegan >= timers.frame {
                state = .closed
                return [.close(.slowFrame(after: timers.frame), retryAfter: nil)]
            }
            let isOverdue = pace.isOverdue(now: now)
            guard isOverdue || now - lastSent >= timers.ping else { return [] }
            pingSequence &+= 1
            if isOverdue { pace.sent(0, mark: pingSequence, now: now) }
            return [.send(.ping(.init(sequence: pingSequence, clock: clock)))]
        }
    }

    /// Says goodbye; nothing is sent after it.
    package mutating func goodbye() -> [Action] {
        guard isOpen else { return [] }
        state = .closed
        return [
            .send(.goAway(.init(code: GoAwayCode.shutdown.rawValue, reconnectMilliseconds: 0, message: "agent stops")))
        ]
    }
}
