package import NIOCore
import NIOPosix
import ScrapeCodec
package import TLS

/// Keeps one agent connected to one collector: dials, backs off, dials again, for as long as it runs. Confined to its
/// event loop.
package final class TunnelClient {
    /// What the agent's log, metrics and status are told.
    package enum Event {
        case dialling
        case connected(Frame.Welcome)
        /// A dial failed or a connection ended; the next dial follows after `retryIn`.
        case ended(TunnelFailure, wasConnected: Bool, retryIn: TimeAmount)
    }

    package struct Configuration: Sendable {
        package var address: TunnelAddress
        package var timers = TunnelTimers()
        /// Random per process.
        package var instance: UInt64
        package var build: String
        package var isProbe = false
        /// Made anew for every dial, so that renewed certificate files are used.
        package var makeContext: @Sendable () throws -> TLSContext
        /// Microseconds since the Unix epoch.
        package var wallClock: @Sendable () -> Int64
        package var random: @Sendable () -> Double

        package init(
            address: TunnelAddress, instance: UInt64, build: String,
            makeContext: @escaping @Sendable () throws -> TLSContext, wallClock: @escaping @Sendable () -> Int64,
            random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
        ) {
            self.address = address
            self.instance = instance
            self.build = build
            self.makeContext = makeContext
            self.wallClock = wallClock
            self.random = random
        }
    }

    package let configuration: Configuration
    private let eventLoop: any EventLoop
    private let source: any TunnelSource
    private let compressor: RangeCompressorBox
    private let onEvent: (Event) -> Void

    private var backoff: Backoff
    private var handler: AgentTunnelHandler?
    private var channel: (any Channel)?
    private var retry: Scheduled<Void>?
    private var welcomedAt: NIODeadline?
    private var attempt: UInt64 = 0
    private var isStopped = false
    /// The last connection ended because a record we sent did not check.
    private var metDamage = false
    private var totalLogBytes: UInt64 = 0
    private var totalBacklogBytes: UInt64 = 0
    private var totalFrameBytes: UInt64 = 0

    package init(
        configuration: Configuration, eventLoop: any EventLoop, source: any TunnelSource,
        compressor: RangeCompressorBox, onEvent: @escaping (Event) -> Void
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.source = source
        self.compressor = compressor
        self.onEvent = onEvent
        self.backoff = Backoff(timers: configuration.timers)
    }

    package var isConnected: Bool { welcomedAt != nil }
    /// The collector's clock against ours, over the current connection.
    package var clock: ClockEstimate { handler?.clock ?? ClockEstimate() }
    /// Raw log bytes sent, over all connections.
    package var sentLogBytes: UInt64 { totalLogBytes &+ (handler?.sentLogBytes ?? 0) }
    /// Those of them that were sent behind live data.
    package var sentBacklogBytes: UInt64 { totalBacklogBytes &+ (handler?.sentBacklogBytes ?? 0) }
    /// Bytes of frames sent, before TLS, over all connections.
    package var sentFrameBytes: UInt64 { totalFrameBytes &+ (handler?.sentFrameBytes ?? 0) }

    /// Dials now, and again until `stop`.
    package func start() {
        eventLoop.preconditionInEventLoop()
        guard !isStopped, handler == nil, retry == nil else { return }
        dial()
    }

    /// The log has more to send.
    package func logGrew() {
        handler?.logGrew()
    }

    /// Says goodbye when connected, and stays away.
    package func stop() {
        isStopped = true
        retry?.cancel()
        retry = nil
        let stopped = TunnelFailure(stage: .connect, reason: "stopped", message: "the agent stops")
        if isConnected {
            handler?.goodbye()
        } else {
            handler?.abort(stopped)
        }
        channel?.close(promise: nil)
        // Still dialling: the connection, should there be one, is closed when it is there.
        if handler != nil { ended(stopped, retryAfter: nil, attempt: attempt) }
    }

    private func dial() {
        attempt &+= 1
        let attempt = attempt
        onEvent(.dialling)
        let context: TLSContext
        do {
            context = try configuration.makeContext()
        } catch {
            let tls = error as? TLSError
            return ended(
                .init(
                    stage: .tls, reason: "configuration", message: tls?.message ?? "\(error)", cure: tls?.cure ?? ""),
                retryAfter: nil, attempt: attempt)
        }
        let handler = AgentTunnelHandler(
            address: configuration.address, timers: configuration.timers, isProbe: configuration.isProbe,
            instance: configuration.instance, build: configuration.build, source: source, compressor: compressor,
            wallClock: configuration.wallClock, skipsDamage: metDamage
        ) { [weak self] event in
            self?.handle(event, attempt: attempt)
        }
        self.handler = handler
        connect(handler, context, attempt: attempt)
    }

    private func connect(_ handler: AgentTunnelHandler, _ tls: TLSContext, attempt: UInt64) {
        let address = configuration.address
        let timers = configuration.timers
        let bound = NIOLoopBound((self, handler), eventLoop: eventLoop)
        let host = address.proxy?.host ?? address.host
        let port = address.proxy?.port ?? address.port
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timers.connect)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Protocol.readSize))
            .connect(host: host, port: port)
            .flatMapThrowing { channel in
                // Not in an initializer: that one runs for every address of the name, several at a time.
                let operations = channel.pipeline.syncOperations
                let secured = TLSHandler(
                    context: tls, serverName: address.serverName, handshakeTimeout: timers.handshake + .seconds(5))
                if let proxy = address.proxy {
                    try operations.addHandler(
                        ProxyConnectHandler(
                            proxy: proxy, target: address.description, limit: timers.handshake, next: secured))
                } else {
                    try operations.addHandler(secured)
                }
                try operations.addHandler(bound.value.1)
                return channel
            }
            .whenComplete { result in
                let (client, handler) = bound.value
                switch result {
                case .success(let channel): client.connected(channel, handler, attempt: attempt)
                case .failure(let error):
                    client.ended(
                        .init(connecting: TunnelAddress.join(host, port), error: error), retryAfter: nil,
                        attempt: attempt)
                }
            }
    }

    private func connected(_ channel: any Channel, _ handler: AgentTunnelHandler, attempt: UInt64) {
        // The dial may have been given up while it was connecting.
        guard attempt == self.attempt, self.handler === handler, !isStopped else {
            return channel.close(promise: nil)
        }
        self.channel = channel
        SocketTimeouts.apply(to: channel)
    }

    private func handle(_ event: AgentTunnelHandler.Event, attempt: UInt64) {
        guard attempt == self.attempt else { return }
        switch event {
        case .welcomed(let welcome):
            welcomedAt = eventLoop.now
            onEvent(.connected(welcome))
        case .ended(let failure, let retryAfter):
            ended(failure, retryAfter: retryAfter, attempt: attempt)
        }
    }

    private func ended(_ failure: TunnelFailure, retryAfter: TimeAmount?, attempt: UInt64) {
        guard attempt == self.attempt else { return }
        self.attempt &+= 1
        totalLogBytes &+= handler?.sentLogBytes ?? 0
        totalBacklogBytes &+= handler?.sentBacklogBytes ?? 0
        totalFrameBytes &+= handler?.sentFrameBytes ?? 0
        if welcomedAt != nil { metDamage = failure.reason == "\(GoAwayCode.corrupt)" }
        handler = nil
        channel = nil
        let welcomed = welcomedAt.map { eventLoop.now - $0 }
        welcomedAt = nil
        // With something else to offer there is no reason to wait until somebody has upgraded.
        let isOtherOffered =
            failure.reason == RejectCode.version.word && source.refusesVersion(configuration.address.description)
        let delay = backoff.delay(
            welcomed: welcomed, hint: isOtherOffered ? nil : retryAfter, random: configuration.random())
        onEvent(.ended(failure, wasConnected: welcomed != nil, retryIn: delay))
        guard !isStopped else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        retry = eventLoop.scheduleTask(in: delay) {
            let client = bound.value
            client.retry = nil
            guard !client.isStopped else { return }
            client.dial()
        }
    }
}
