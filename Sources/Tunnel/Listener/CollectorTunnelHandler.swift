import NIOCore
import ScrapeLog
import TLS

/// One tunnel connection at the collector: turns bytes into frames for the session and carries out its actions. Owns the
/// session; lives as long as the channel.
final class CollectorTunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let listener: TunnelListener.Shared
    private let peer: String
    private let number: UInt64

    private var context: ChannelHandlerContext?
    private var session: CollectorSession?
    private var decoder = FrameDecoder(maximumPayload: FrameLimits.beforeWelcome)
    private var handshake: TLSHandshakeInfo?
    private var identity: AgentIdentity?
    private var receiver: (any TunnelReceiver)?
    private var connection: TunnelConnection?
    private var ticker: RepeatedTask?
    private var handshakeTimeout: Scheduled<Void>?
    private var probes = LifeProbes()
    private let checksumRequests = ChecksumRequests()
    private var isSettled = false
    /// A probe was answered; its end is no event.
    private var isProbeWelcomed = false
    private var hasEnded = false
    /// Frames to be written when the read under way has been dealt with.
    private var output = ByteBuffer()
    private var isReading = false
    /// The epochs this agent named or sent: the only ones it wants acknowledged.
    private var epochs: Set<UInt64> = []

    init(listener: TunnelListener.Shared, peer: String, number: UInt64) {
        self.listener = listener
        self.peer = peer
        self.number = number
    }

    /// Done when the channel is closed.
    var closed: EventLoopFuture<Void> {
        context?.channel.closeFuture ?? listener.group.any().makeSucceededVoidFuture()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        handshakeTimeout = context.eventLoop.scheduleTask(in: listener.timers.handshake) {
            let (handler, context) = bound.value
            handler.end("handshake_timeout", "the TLS handshake did not finish in time", context, lingers: false)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
        self.context = nil
    }

    // MARK: TLS

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let info = event as? TLSHandshakeInfo { begin(info, context) }
        if event is PendingConnections.Evicted, handshake == nil {
            end(
                "evicted", "made room for a newer connection before its TLS handshake was done", context, lingers: false
            )
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ info: TLSHandshakeInfo, _ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        handshakeTimeout?.cancel()
        listener.pending.authenticated(number)
        handshake = info
        session = CollectorSession(timers: listener.timers, now: context.eventLoop.now)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let timers = listener.timers
        let interval = min(TimeAmount.seconds(1), timers.welcome, timers.ping, timers.acknowledge)
        ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let (handler, context) = bound.value
            handler.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard let actions = session?.tick(now: context.eventLoop.now, clock: listener.wallClock()) else { return }
        perform(actions, context)
    }

    // MARK: Frames

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        // After the end, what the agent still sends is read and dropped, so that our last frame is not lost to a reset.
        guard !hasEnded, session != nil else { return }
        session?.received(now: context.eventLoop.now)
        probes.answered()
        decoder.append(bytes)
        var frames = 0
        isReading = true
        do {
            while !hasEnded, let frame = try decoder.next() {
                frames += 1
                guard let actions = try session?.receive(frame, clock: listener.wallClock()) else { return }
                perform(actions, context)
            }
            session?.progressed(frames: frames, isMidFrame: decoder.isMidFrame, now: context.eventLoop.now)
        } catch {
            violated(error, context)
        }
        isReading = false
        _ = flush(context)
        listener.authority.observe(.received(bytes: bytes.readableBytes, frames: frames))
    }

    private func violated(_ error: WireError, _ context: ChannelHandlerContext) {
        if session?.isOpen == true {
            perform(
                session?.goAway(.protocolError, reconnect: .seconds(5), message: error.message) ?? [], context)
        } else {
            end("protocol_error", error.message, context, lingers: false)
        }
    }

    private func perform(_ actions: [CollectorSession.Action], _ context: ChannelHandlerContext) {
        var last: (reason: String, message: String)?
        for action in actions {
            switch action {
            case .send(.pong) where !context.channel.isWritable:
                // An agent that pings and never reads must not make us hoard answers.
                break
            case .send(let frame): FrameEncoder.write(frame, into: &output)
            case .admit(let hello): admit(hello, context)
            case .append(let append): apply(append, context)
            case .gap(let gap):
                epochs.insert(gap.range.epoch)
                receiver?.gap(gap)
            case .clock(let estimate): receiver?.clock(estimate)
            case .checksums(let checksums): checksumRequests.answered(checksums)
            case .leaving(let goAway): last = ("goodbye", goAway.message)
            case .close(let reason, let message): last = (reason, message)
            }
        }
        if let last {
            end(last.reason, last.message, context, lingers: flush(context))
        } else if !isReading {
            _ = flush(context)
        }
    }

    /// Writes the frames gathered so far, those of one read together; false when there are none.
    private func flush(_ context: ChannelHandlerContext) -> Bool {
        guard output.readableBytes > 0 else { return false }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        output = context.channel.allocator.buffer(capacity: 0)
        return true
    }

    private func apply(_ append: Frame.Append, _ context: ChannelHandlerContext) {
        guard let receiver else { return }
        do {
            guard let prefix = try self.prefix(of: append, receiver) else {
                // Deleted meanwhile. On its next connection the agent refers only to what it sent on that one.
                return perform(
                    session?.goAway(
                        .restart, reconnect: .seconds(1), message: "a compression prefix is not held any more")
                        ?? [], context)
            }
            let bytes = try listener.compressor(for: context.eventLoop).decompress(
                append.compressed, prefix: prefix, count: Int(clamping: append.range.count))
            try receiver.append(append.range, bytes: bytes)
            epochs.insert(append.range.epoch)
            perform(session?.applied(append.range.count) ?? [], context)
        } catch let error as ScrapeLogError where error.code == .corrupt {
            perform(
                session?.goAway(.corrupt, reconnect: .seconds(1), message: "a log record is damaged: \(error.message)")
                    ?? [], context)
        } catch {
            // What failed here, with its paths, is for our log and not for the agent's.
            listener.authority.observe(.failed(agent: connection?.agent ?? "", message: "\(error)"))
            perform(
                session?.goAway(.storage, reconnect: .seconds(5), message: "log bytes could not be applied") ?? [],
                context)
        }
    }

    /// The bytes that an Append was compressed after; nil when they are not held.
    private func prefix(of append: Frame.Append, _ receiver: any TunnelReceiver) throws -> ByteBuffer? {
        guard !append.prefix.isEmpty else { return ByteBuffer() }
        let range = LogRange(
            epoch: append.range.epoch, from: append.prefix.lowerBound, to: append.prefix.upperBound)
        do {
            let bytes = try receiver.read(range)
            return bytes.readableBytes == append.prefix.count ? bytes : nil
        } catch let error as ScrapeLogError where error.code == .notHeld {
            return nil
        }
    }

    // MARK: Who is connected

    private func admit(_ hello: Frame.Hello, _ context: ChannelHandlerContext) {
        do throws(TunnelRefusal) {
            let identity = try listener.identity(of: handshake)
            self.identity = identity
            guard hello.maximumVersion >= Protocol.minimumVersion, hello.minimumVersion <= Protocol.maximumVersion
            else {
                throw TunnelRefusal(
                    code: .version,
                    message:
                        "the agent speaks protocol versions \(hello.minimumVersion)–\(hello.maximumVersion), this collector \(Protocol.minimumVersion)–\(Protocol.maximumVersion)",
                    retryAfter: .seconds(60))
            }
            guard listener.logVersions.contains(hello.logVersion) else {
                let versions = listener.logVersions.map { "\($0)" }.joined(separator: ", ")
                throw TunnelRefusal(
                    code: .version,
                    message: "the agent writes log version \(hello.logVersion), this collector reads \(versions)",
                    retryAfter: .seconds(60))
            }
            let receiver = try listener.authority.receiver(for: identity)
            let connection = TunnelConnection(
                number: number, agent: identity.name, peer: peer, instance: hello.instance,
                eventLoop: context.eventLoop, handler: self)
            if hello.isProbe {
                guard !listener.table.isClosed else { throw Self.stopping }
                welcome(hello, receiver, connection, context)
            } else {
                claim(connection, hello, receiver, dead: nil, context)
            }
        } catch {
            reject(error, context)
        }
    }

    private func claim(
        _ connection: TunnelConnection, _ hello: Frame.Hello, _ receiver: any TunnelReceiver, dead: UInt64?,
        _ context: ChannelHandlerContext
    ) {
        switch listener.table.claim(connection, dead: dead) {
        case .closed: reject(Self.stopping, context)
        case .granted(let old):
            self.connection = connection
            if let old {
                old.goAway(.replaced, reconnect: .seconds(1), message: "a newer connection of this agent took over")
                if old.instance != hello.instance {
                    listener.authority.observe(.contended(agent: connection.agent, peer: peer, outcome: "taken_over"))
                }
            }
            welcome(hello, receiver, connection, context)
        case .held(let holder):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            holder.probe(within: listener.timers.contention).hop(to: context.eventLoop).whenComplete { result in
                let (handler, context) = bound.value
                guard handler.context != nil, !handler.hasEnded else { return }
                if case .success(true) = result {
                    handler.listener.authority.observe(
                        .contended(agent: connection.agent, peer: handler.peer, outcome: "refused"))
                    handler.reject(
                        .init(
                            code: .duplicate,
                            message: "agent \(connection.agent) is connected from \(holder.peer) and answers",
                            retryAfter: .seconds(10)), context)
                } else {
                    handler.claim(connection, hello, receiver, dead: holder.number, context)
                }
            }
        }
    }

    private func welcome(
        _ hello: Frame.Hello, _ receiver: any TunnelReceiver, _ connection: TunnelConnection,
        _ context: ChannelHandlerContext
    ) {
        settleOnce()
        decoder.maximumPayload = FrameLimits.fromAgent
        epochs = Set(hello.held.map(\.epoch))
        let welcome = Frame.Welcome(
            version: min(Protocol.maximumVersion, hello.maximumVersion), connection: number,
            clock: listener.wallClock(), credit: Protocol.initialCredit, collector: listener.name,
            held: receiver.held(of: epochs), logVersions: listener.logVersions)
        if hello.isProbe { limitProbe(context) }
        if !hello.isProbe, let handshake, let certificate = handshake.peer {
            self.receiver = receiver
            receiver.opened(connection, hello: hello, certificate: certificate)
            if let clock = session?.clock { receiver.clock(clock) }
            listener.authority.observe(
                .connected(agent: connection.agent, peer: peer, connection: number, hello: hello, tls: handshake))
        }
        perform(
            session?.welcome(welcome, now: context.eventLoop.now, clock: listener.wallClock()) ?? [], context)
    }

    /// A probe has learnt all it wanted with its Welcome; one that stays is closed.
    private func limitProbe(_ context: ChannelHandlerContext) {
        isProbeWelcomed = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        handshakeTimeout = context.eventLoop.scheduleTask(in: listener.timers.welcome) {
            let (handler, context) = bound.value
            handler.end("probe_timeout", "a probe stayed after its Welcome", context, lingers: false)
        }
    }

    private static let stopping = TunnelRefusal(
        code: .overloaded, message: "this collector is stopping", retryAfter: .seconds(1))

    private func reject(_ refusal: TunnelRefusal, _ context: ChannelHandlerContext) {
        perform(
            session?.reject(
                refusal.code, retryAfter: refusal.retryAfter, message: refusal.message, clock: listener.wallClock())
                ?? [], context)
    }

    // MARK: Commands through TunnelConnection

    func durable(_ ranges: [LogRange]) {
        guard let context else { return }
        let wanted = ranges.filter { epochs.contains($0.epoch) }
        perform(session?.durable(wanted, now: context.eventLoop.now) ?? [], context)
    }

    func goAway(_ code: GoAwayCode, reconnect: TimeAmount, message: String) {
        guard let context else { return }
        perform(session?.goAway(code, reconnect: reconnect, message: message) ?? [], context)
    }

    func probe(within limit: TimeAmount) -> EventLoopFuture<Bool> {
        guard let context, !hasEnded else { return listener.group.next().makeSucceededFuture(false) }
        let promise = context.eventLoop.makePromise(of: Bool.self)
        probes.add(promise, now: context.eventLoop.now)
        perform(session?.ping(now: context.eventLoop.now, clock: listener.wallClock()) ?? [], context)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: limit) {
            bound.value.probes.expire(until: .now() - limit)
        }
        return promise.futureResult
    }

    /// Asks the agent for checksums; fails with a `VerificationFailure`.
    func checksums(of ranges: [LogRange], within limit: TimeAmount) -> EventLoopFuture<Frame.Checksums> {
        guard let context, let connection, session?.isOpen == true, !hasEnded else {
            return listener.group.next().makeFailedFuture(
                VerificationFailure.notConnected(agent: identity?.name ?? ""))
        }
        let (id, answer) = checksumRequests.add(agent: connection.agent, within: limit, on: context.eventLoop)
        perform([.send(.checksumRequest(.init(id: id, ranges: ranges)))], context)
        return answer
    }

    // MARK: The end

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError, handshake == nil {
            end(error.reason, error.message, context, lingers: false)
        } else if case .uncleanShutdown? = (error as? TLSError)?.code {
            end("eof", "the agent's connection ended without a goodbye", context, lingers: false)
        } else {
            end("connection_lost", "the connection broke: \(error)", context, lingers: false)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if handshake == nil {
            end("closed", "closed before the TLS handshake was done", context, lingers: false)
        } else {
            end("eof", "the agent closed the connection", context, lingers: false)
        }
        context.fireChannelInactive()
    }

    /// - Parameter lingers: our last frame is on its way: wait up to a second for the agent to close, because closing a
    ///   socket with unread input would reset the connection and could destroy that frame.
    private func end(_ reason: String, _ message: String, _ context: ChannelHandlerContext, lingers: Bool) {
        guard !hasEnded else { return }
        hasEnded = true
        if let receiver, let connection {
            listener.authority.observe(
                .disconnected(
                    agent: connection.agent, peer: peer, connection: number, reason: reason, message: message))
            receiver.closed(number, reason: reason)
        } else if !isProbeWelcomed {
            listener.authority.observe(.refused(peer: peer, agent: identity?.name, reason: reason, message: message))
        }
        finish()
        guard lingers else { return context.close(promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.close(promise: nil) }
    }

    private func finish() {
        settleOnce()
        ticker?.cancel()
        handshakeTimeout?.cancel()
        probes.expire(until: .distantFuture)
        checksumRequests.failAll(agent: connection?.agent ?? "")
        if let connection { listener.table.release(connection) }
        connection = nil
        receiver = nil
    }

    private func settleOnce() {
        guard !isSettled else { return }
        isSettled = true
        listener.pending.settle(number)
    }
}
