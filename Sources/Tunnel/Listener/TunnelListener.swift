package import NIOCore
import NIOPosix
import ScrapeCodec
import ScrapeLog
import Synchronization
package import TLS

/// The collector's tunnel port: accepts, limits what is not authenticated yet, and hands welcomed agents to their
/// receivers. Owns the listening socket and all connections.
package final class TunnelListener: Sendable {
    package struct Configuration: Sendable {
        package var host: String
        package var port: Int
        package var timers = TunnelTimers()
        package var admission = Admission.Limits()
        /// Agents must be of this trust domain.
        package var trustDomain: String
        /// What the collector calls itself in Welcome.
        package var name: String
        /// The log format versions that its receivers read.
        package var logVersions = SegmentHeader.readableVersions
        package var wallClock: @Sendable () -> Int64

        package init(
            host: String, port: Int, trustDomain: String, name: String, wallClock: @escaping @Sendable () -> Int64
        ) {
            self.host = host
            self.port = port
            self.trustDomain = trustDomain
            self.name = name
            self.wallClock = wallClock
        }
    }

    /// What all connections of the listener share.
    final class Shared: Sendable {
        let timers: TunnelTimers
        let trustDomain: String
        let name: String
        let logVersions: [UInt16]
        let wallClock: @Sendable () -> Int64
        let authority: any TunnelAuthority
        let group: any EventLoopGroup
        let table = ConnectionTable()
        let pending: PendingConnections
        let nextNumber: Mutex<UInt64>
        let tls: Mutex<TLSContext>
        /// Compression contexts belong to threads, not to connections.
        private let compressors: [ObjectIdentifier: NIOLoopBoundBox<RangeCompressorBox?>]

        init(
            _ configuration: Configuration, _ authority: any TunnelAuthority, _ group: any EventLoopGroup,
            _ tls: TLSContext
        ) {
            self.timers = configuration.timers
            self.trustDomain = configuration.trustDomain
            self.name = configuration.name
            self.logVersions = configuration.logVersions
            self.wallClock = configuration.wallClock
            self.authority = authority
            self.group = group
            self.pending = PendingConnections(limits: configuration.admission)
            self.nextNumber = Mutex(SecureRandom.randomUInt64() >> 16)
            self.tls = Mutex(tls)
            var boxes: [ObjectIdentifier: NIOLoopBoundBox<RangeCompressorBox?>] = [:]
            for eventLoop in group.makeIterator() {
                boxes[ObjectIdentifier(eventLoop)] = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
            }
            self.compressors = boxes
        }

        /// The context of `eventLoop`; called on it.
        func compressor(for eventLoop: any EventLoop) -> RangeCompressorBox {
            let box = compressors[ObjectIdentifier(eventLoop)]
            if let existing = box?.value { return existing }
            let fresh = RangeCompressorBox()
            box?.value = fresh
            return fresh
        }

        /// The agent's identity, from the verified leaf and nothing else.
        func identity(of handshake: TLSHandshakeInfo?) throws(TunnelRefusal) -> AgentIdentity {
            func refusal(_ message: String) -> TunnelRefusal {
                TunnelRefusal(code: .identity, message: message, retryAfter: .seconds(60))
            }
            guard let certificate = handshake?.peer else { throw refusal("no client certificate") }
            let identity: AgentIdentity
            do {
                identity = try AgentIdentity(certificate: certificate)
            } catch {
                throw refusal(error.message)
            }
            guard identity.role == .agent else {
                throw refusal("the certificate names a collector, not an agent")
            }
            guard identity.trustDomain == trustDomain else {
                throw refusal(
                    "the certificate is of trust domain \(identity.trustDomain), this collector's is \(trustDomain)")
            }
            return identity
        }
    }

    private let shared: Shared
    private let channel: any Channel

    private init(shared: Shared, channel: any Channel) {
        self.shared = shared
        self.channel = channel
    }

    /// Binds and begins to accept.
    package static func start(
        _ configuration: Configuration, tls: TLSContext, authority: any TunnelAuthority, group: any EventLoopGroup
    ) async throws -> TunnelListener {
        let shared = Shared(configuration, authority, group, tls)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(authority: authority))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Protocol.readSize))
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in initialize(channel, shared) }
            .bind(host: configuration.host, port: configuration.port).get()
        return TunnelListener(shared: shared, channel: channel)
    }

    /// The port in use; differs from the configured one when that was 0.
    package var port: Int? { channel.localAddress?.port }

    /// From now on, new connections use this context; live ones keep theirs.
    package func use(_ context: TLSContext) {
        shared.tls.withLock { $0 = context }
    }

    private static func initialize(_ channel: any Channel, _ shared: Shared) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let peer = AddressKey.describe(channel.remoteAddress)
            let number = shared.nextNumber.withLock { number in
                number &+= 1
                return number
            }
            if let refused = shared.pending.accept(channel, number: number) {
                shared.authority.observe(
                    .refused(peer: peer, agent: nil, reason: refused.reason, message: refused.message))
                throw TunnelRefusal(code: .overloaded, message: refused.message, retryAfter: .zero)
            }
            // Whatever happens to the handlers, the place is given back.
            channel.closeFuture.whenComplete { _ in shared.pending.settle(number) }
            let operations = channel.pipeline.syncOperations
            // Our own deadline comes first; the handler's is a backup.
            try operations.addHandler(
                TLSHandler(
                    context: shared.tls.withLock { $0 }, serverName: nil,
                    handshakeTimeout: shared.timers.handshake + .seconds(5)))
            try operations.addHandler(CollectorTunnelHandler(listener: shared, peer: peer, number: number))
            SocketTimeouts.apply(to: channel)
        }
    }

    /// Stops accepting and sends every agent away; reconnects are spread over min(30 s, agents/500 s). Returns when all
    /// have gone, or after two seconds.
    package func stop(message: String) async {
        try? await channel.close()
        let connections = shared.table.close()
        let spread = min(30_000, connections.count * 1000 / 500)
        let gone = connections.map { connection in
            let delay = Int64.random(in: 0...Int64(max(spread, 1)))
            return connection.dismiss(.shutdown, reconnect: .milliseconds(delay), message: message)
        }
        let eventLoop = channel.eventLoop
        let done = eventLoop.makePromise(of: Void.self)
        let limit = eventLoop.scheduleTask(in: .seconds(2)) { done.succeed() }
        EventLoopFuture.andAllComplete(gone, on: eventLoop).whenComplete { _ in
            limit.cancel()
            done.succeed()
        }
        try? await done.futureResult.get()
    }
}
