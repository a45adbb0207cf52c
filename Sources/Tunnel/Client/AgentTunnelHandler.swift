import NIOCore
import ScrapeCodec
import ScrapeLog
import TLS

/// One tunnel connection at the agent: turns bytes into frames for the session, carries out its actions, and keeps the
/// connection filled with the log while it is writable. Owns the session; lives as long as the channel.
final class AgentTunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the client learns of the connection.
    enum Event {
        case welcomed(Frame.Welcome)
        /// The end, told once.
        case ended(TunnelFailure, retryAfter: TimeAmount?)
    }

    private let address: TunnelAddress
    private let timers: TunnelTimers
    private let hello: (isProbe: Bool, instance: UInt64, build: String)
    private let source: any TunnelSource
    private let compressor: RangeCompressorBox
    private let wallClock: @Sendable () -> Int64
    /// The last connection ended because a record was damaged.
    private let skipsDamage: Bool
    private let onEvent: (Event) -> Void

    private var context: ChannelHandlerContext?
    private var session: AgentSession?
    private var decoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
    private var ticker: RepeatedTask?
    private var handshakeTimeout: Scheduled<Void>?
    private var hasEnded = false
    /// Gaps announced on this connection that no Ack has covered.
    private var openGaps: [Frame.Gap] = []
    /// Gaps that may be announced before the next tick: a collector takes only so many a second.
    private var gapBudget = AgentTunnelHandler.gapsPerTick
    private static let gapsPerTick = 256
    private var checksums: ChecksumWork?
    /// The answer that waits until the socket takes it.
    private var owedChecksums: Frame.Checksums?
    private var isTLSDone = false
    /// Bytes of log and of frames written on this connection.
    private(set) var sentLogBytes: UInt64 = 0
    /// Those of them that were backlog.
    private(set) var sentBacklogBytes: UInt64 = 0
    private(set) var sentFrameBytes: UInt64 = 0

    init(
        address: TunnelAddress, timers: TunnelTimers, isProbe: Bool, instance: UInt64, build: String,
        source: any TunnelSource, compressor: RangeCompressorBox, wallClock: @escaping @Sendable () -> Int64,
        skipsDamage: Bool, onEvent: @escaping (Event) -> Void
    ) {
        self.address = address
        self.timers = timers
        self.hello = (isProbe, instance, build)
        self.source = source
        self.compressor = compressor
        self.wallClock = wallClock
        self.skipsDamage = skipsDamage
        self.onEvent = onEvent
    }

    var clock: ClockEstimate { session?.clock ?? ClockEstimate() }

    private var held: [LogRange] { source.held(for: address.description) }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        handshakeTimeout = context.eventLoop.scheduleTask(
            in: address.proxy == nil ? timers.handshake : timers.handshake * 2
        ) {
            let (handler, context) = bound.value
            handler.end(
                .init(
                    stage: .tls, reason: "timeout", message: "the TLS handshake did not finish in time",
                    cure:
                        "check that this address is a Culvert collector's tunnel port and that nothing in between holds the connection"
                ),
                retryAfter: nil, context: context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ticker?.cancel()
        handshakeTimeout?.cancel()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeInfo { begin(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ context: ChannelHandlerContext) {
        isTLSDone = true
        handshakeTimeout?.cancel()
        session = AgentSession(timers: timers, logVersion: source.logVersion, now: context.eventLoop.now)
        let frame = Frame.hello(
            .init(
                instance: hello.instance, clock: wallClock(), isProbe: hello.isProbe, logVersion: source.logVersion,
                build: hello.build, held: Array(held.suffix(Protocol.maximumRanges))))
        perform([.send(frame)], context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let interval = min(TimeAmount.seconds(1), timers.welcome, timers.ping)
        ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let (handler, context) = bound.value
            handler.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard var session else { return }
        gapBudget = Self.gapsPerTick
        let actions = session.tick(now: context.eventLoop.now, clock: wallClock())
        self.session = session
        perform(actions, context)
        fill(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        session?.received(now: context.eventLoop.now)
        decoder.append(unwrapInboundIn(data))
        var frames = 0
        do {
            while !hasEnded, let frame = try decoder.next() {
                frames += 1
                guard let actions = try session?.receive(frame, clock: wallClock(), held: held) else { return }
                perform(actions, context)
            }
            session?.progressed(frames: frames, isMidFrame: decoder.isMidFrame, now: context.eventLoop.now)
        } catch {
            end(
                .init(
                    stage: session?.isOpen == true ? .established : .welcome, reason: "protocol",
                    message: error.message,
                    cure: "check that this address is a Culvert collector of a compatible version"),
                retryAfter: nil, context: context)
        }
        fill(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        fill(context)
        context.fireChannelWritabilityChanged()
    }

    /// The log has more.
    func logGrew() {
        guard let context else { return }
        fill(context)
    }

    /// Says goodbye and closes.
    func goodbye() {
        guard let context, var session else { return }
        let actions = session.goodbye()
        self.session = session
        perform(actions, context)
        end(
            .init(stage: .established, reason: "stopped", message: "the agent stops"), retryAfter: nil,
            context: context)
    }

    func abort(_ failure: TunnelFailure) {
        guard let context else { return }
        end(failure, retryAfter: nil, context: context)
    }

    private func perform(_ actions: [AgentSession.Action], _ context: ChannelHandlerContext) {
        var output = context.channel.allocator.buffer(capacity: 0)
        for action in actions {
            switch action {
            case .send(.pong) where !context.channel.isWritable:
                // The data under way is the sign of life; a collector that pings and never reads must not make us
                // hoard answers, and behind so much data they would spoil its clock estimate.
                break
            case .send(.checksums) where !context.channel.isWritable:
                break
            case .send(let frame): FrameEncoder.write(frame, into: &output)
            case .opened(let welcome):
                decoder.maximumPayload = FrameLimits.fromCollector
                if !hello.isProbe {
                    source.welcomed(by: address.description, holding: welcome.held)
                    source.reads(address.description, versions: welcome.logVersions)
                }
                if skipsDamage { skipDamage(context) }
                if !hello.isProbe { putLiveFirst() }
                onEvent(.welcomed(welcome))
            case .acknowledged(let ranges): acknowledged(ranges)
            case .checksum(let request):
                checksums = ChecksumWork(request)
                continueChecksums(context)
            case .beginEpoch: if !hello.isProbe { source.beginEpoch() }
            case .close(let failure, let retryAfter):
                write(&output, context)
                end(failure, retryAfter: retryAfter, context: context)
            }
        }
        write(&output, context)
    }

    private func acknowledged(_ ranges: [LogRange]) {
        let durable = LogRangeSet(ranges)
        let confirmed = openGaps.filter { durable.contains($0.range) }
        if !confirmed.isEmpty {
            openGaps.removeAll { durable.contains($0.range) }
            source.confirmed(confirmed, by: address.description)
        }
        source.acknowledged(by: address.description, ranges)
    }

    /// With much to catch up, what is appended from now on does not wait for it.
    private func putLiveFirst() {
        guard let lacking = session?.lacking(of: held), !lacking.isEmpty,
            let start = source.liveStart(for: address.description, lacking: lacking)
        else { return }
        session?.prioritize(from: start, held: held)
    }

    /// Does a bounded step of the checksums that were asked for, and the next one after a pause.
    private func continueChecksums(_ context: ChannelHandlerContext) {
        guard !hasEnded, var work = checksums else { return }
        checksums = nil
        if let answer = work.step(source) {
            owedChecksums = answer
            return sendChecksums(context)
        }
        checksums = work
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: ChecksumWork.pause) {
            let (handler, context) = bound.value
            handler.continueChecksums(context)
        }
    }

    /// Before what fills the socket again, which on a slow link is never empty for long.
    private func sendChecksums(_ context: ChannelHandlerContext) {
        guard let answer = owedChecksums, context.channel.isWritable else { return }
        owedChecksums = nil
        session?.checksummed()
        perform([.send(.checksums(answer))], context)
    }

    private func write(_ output: inout ByteBuffer, _ context: ChannelHandlerContext) {
        guard output.readableBytes > 0 else { return }
        session?.sent(now: context.eventLoop.now)
        sentFrameBytes &+= UInt64(output.readableBytes)
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        output = context.channel.allocator.buffer(capacity: 0)
    }

    /// Sends log ranges while there are some, credit allows it and the socket takes them.
    private func fill(_ context: ChannelHandlerContext) {
        guard !hello.isProbe, !hasEnded, session?.isOpen == true else { return }
        sendChecksums(context)
        if gapBudget > 0 {
            let gaps = source.takeGaps(for: address.description)
            for gap in gaps.prefix(gapBudget) { announce(gap, context) }
            if gaps.count > gapBudget { source.returnGaps(Array(gaps.dropFirst(gapBudget)), for: address.description) }
            gapBudget -= min(gapBudget, gaps.count)
        }
        // Nothing is appended to the log while this runs.
        let held = held
        while !hasEnded, context.channel.isWritable,
            let next = session?.nextAppend(held: held, counterpart: { source.counterpart(of: $0) })
        {
            guard send(next, context) else { return }
        }
    }

    private func announce(_ gap: Frame.Gap, _ context: ChannelHandlerContext) {
        openGaps.append(gap)
        session?.announced(gap.range)
        perform([.send(.gap(gap))], context)
    }

    /// The collector found something damaged, which is the first thing it lacks at one of the two fronts: it is given up.
    private func skipDamage(_ context: ChannelHandlerContext) {
        guard let lacking = session?.lacking(of: held), let oldest = lacking.first, let newest = lacking.last
        else { return }
        for range in oldest == newest ? [oldest] : [oldest, newest] {
            guard let gap = source.abandonDamaged(range) else { continue }
            return announce(gap, context)
        }
    }

    private func send(_ next: AgentSession.Portion, _ context: ChannelHandlerContext) -> Bool {
        let (bytes, failure) = read(next.range, context)
        var range = next.range
        range.to = range.from + UInt64(bytes.readableBytes)
        session?.takeBack(LogRange(epoch: range.epoch, from: range.to, to: next.range.to))
        if range.count == 0 { return goOn(without: next.range, failure ?? TunnelFailure.notHeld(next.range), context) }
        do {
            var prefixRange = next.prefix
            var prefix = context.channel.allocator.buffer(capacity: 0)
            if !prefixRange.isEmpty {
                let asked = LogRange(epoch: range.epoch, from: prefixRange.lowerBound, to: prefixRange.upperBound)
                let held = read(asked, context).bytes
                if held.readableBytes == prefixRange.count {
                    prefix = held
                } else {
                    prefixRange = range.from..<range.from
                }
            }
            let compressed = try compressor.compress(bytes, prefix: prefix)
            sentLogBytes &+= range.count
            var actions: [AgentSession.Action] = [
                .send(.append(.init(range: range, prefix: prefixRange, compressed: compressed)))
            ]
            if next.isBacklog {
                sentBacklogBytes &+= range.count
                if let mark = session?.mark(next, now: context.eventLoop.now, clock: wallClock()) {
                    actions.append(mark)
                }
            }
            perform(actions, context)
            return true
        } catch {
            end(
                .init(stage: .established, reason: "log", message: "a log range could not be compressed: \(error)"),
                retryAfter: .seconds(1), context: context)
            return false
        }
    }

    /// The first byte of `range` could not be read. What is behind it is sent all the same; bytes that are gone (retention
    /// announces that by itself) need a new connection, which learns the positions anew.
    private func goOn(without range: LogRange, _ error: any Error, _ context: ChannelHandlerContext) -> Bool {
        switch source.unreadable(range, error, now: context.eventLoop.now) {
        case .postponed(let range): session?.postpone(range, now: context.eventLoop.now)
        case .abandoned(let gap): announce(gap, context)
        case .gone:
            end(
                .init(stage: .established, reason: "log", message: "a log range could not be read: \(error)"),
                retryAfter: .seconds(1), context: context)
            return false
        }
        return true
    }

    /// As much of `range` as can be read, and why it is not all; a storage that hands out less per call is asked again.
    private func read(_ range: LogRange, _ context: ChannelHandlerContext) -> (bytes: ByteBuffer, failure: (any Error)?)
    {
        var bytes = context.channel.allocator.buffer(capacity: Int(clamping: range.count))
        var rest = range
        do {
            while rest.count > 0 {
                let count = try source.read(rest, maximum: Int(clamping: rest.count), into: &bytes)
                guard count > 0 else { return (bytes, TunnelFailure.notHeld(rest)) }
                rest.from += UInt64(count)
            }
            return (bytes, nil)
        } catch {
            // A piece that failed in the middle may have left its first bytes.
            bytes.moveWriterIndex(to: bytes.readerIndex + Int(clamping: range.count - rest.count))
            return (bytes, error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure: TunnelFailure
        switch error {
        case let error as TunnelFailure: failure = error
        case let error as TLSError: failure = .init(tls: error, isTLSDone: isTLSDone, isOpen: session?.isOpen == true)
        default:
            failure = .init(
                stage: session?.isOpen == true ? .established : .connect, reason: "connection_lost",
                message: "the connection broke: \(error)")
        }
        end(failure, retryAfter: nil, context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(
            .init(
                stage: session?.isOpen == true ? .established : (isTLSDone ? .welcome : .tls), reason: "closed",
                message: "the other side closed the connection",
                cure: session?.isOpen == true ? "" : "see the collector's log for the reason"),
            retryAfter: nil, context: context)
        context.fireChannelInactive()
    }

    private func end(_ failure: TunnelFailure, retryAfter: TimeAmount?, context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        ticker?.cancel()
        handshakeTimeout?.cancel()
        if !openGaps.isEmpty { source.returnGaps(openGaps, for: address.description) }
        onEvent(.ended(failure, retryAfter: retryAfter))
        context.close(promise: nil)
    }
}
