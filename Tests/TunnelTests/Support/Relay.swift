import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay between agents and a listener whose connections can be cut, silenced and held up.
final class Relay: Sendable {
    /// So many bytes pass in each direction, then the connection is cut.
    struct Limit: Sendable {
        var towardsCollector = Int.max
        var towardsAgent = Int.max
    }

    /// One relayed connection; both sides live on one event loop.
    final class Link: Sendable {
        let agent: any Channel
        let collector: any Channel
        /// Nothing passes any more, not even the end of a connection: what a dead NAT entry looks like.
        let isTowardsCollectorDead = Atomic(false)
        let isTowardsAgentDead = Atomic(false)
        let bytes = Atomic(0)
        /// Bytes passed in each direction, and the number after which everything is cut.
        let towardsCollector = Atomic(0)
        let towardsAgent = Atomic(0)
        let limit: Limit

        init(agent: any Channel, collector: any Channel, limit: Limit) {
            self.agent = agent
            self.collector = collector
            self.limit = limit
        }

        /// How many of these bytes may pass before the connection is cut.
        func allowance(_ count: Int, isFromAgent: Bool) -> Int {
            let (before, most) =
                isFromAgent
                ? (towardsCollector.add(count, ordering: .relaxed).oldValue, limit.towardsCollector)
                : (towardsAgent.add(count, ordering: .relaxed).oldValue, limit.towardsAgent)
            return max(0, min(count, most - before))
        }
    }

    private final class Forwarder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        let link: Link
        let isFromAgent: Bool

        init(link: Link, isFromAgent: Bool) {
            self.link = link
            self.isFromAgent = isFromAgent
        }

        private var other: any Channel { isFromAgent ? link.collector : link.agent }
        private var isDead: Bool {
            isFromAgent
                ? link.isTowardsCollectorDead.load(ordering: .relaxed)
                : link.isTowardsAgentDead.load(ordering: .relaxed)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isDead else { return }
            let bytes = unwrapInboundIn(data)
            link.bytes.add(bytes.readableBytes, ordering: .relaxed)
            let allowed = link.allowance(bytes.readableBytes, isFromAgent: isFromAgent)
            guard allowed < bytes.readableBytes else { return other.writeAndFlush(bytes, promise: nil) }
            if let part = bytes.getSlice(at: bytes.readerIndex, length: allowed) {
                other.writeAndFlush(part, promise: nil)
            }
            link.agent.close(promise: nil)
            link.collector.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if !isDead { other.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let links: Links
    private let listener: any Channel

    private final class Links: Sendable {
        let list = Mutex<[Link]>([])
        /// For connections that come.
        let limit = Mutex(Limit())
    }

    private init(links: Links, listener: any Channel) {
        self.links = links
        self.listener = listener
    }

    static func start(to port: Int) async throws -> Relay {
        let links = Links()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { agent in
                ClientBootstrap(group: agent.eventLoop).channelOption(.autoRead, value: false)
                    .connect(host: "127.0.0.1", port: port)
                    .flatMapThrowing { collector in
                        let link = Link(
                            agent: agent, collector: collector, limit: links.limit.withLock { $0 })
                        try agent.pipeline.syncOperations.addHandler(Forwarder(link: link, isFromAgent: true))
                        try collector.pipeline.syncOperations.addHandler(Forwarder(link: link, isFromAgent: false))
                        links.list.withLock { $0.append(link) }
                        collector.setOption(.autoRead, value: true).whenComplete { _ in }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Relay(links: links, listener: listener)
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    /// The newest connection.
    var link: Link? { links.list.withLock { $0.last } }

    /// Bytes relayed by the newest connection, in both directions.
    var passed: Int { link?.bytes.load(ordering: .relaxed) ?? 0 }

    /// What the connections that come may pass before they are cut.
    func limit(_ limit: Limit) { links.limit.withLock { $0 = limit } }

    /// Bytes that the newest connection was given, by direction.
    var given: Limit {
        guard let link else { return Limit(towardsCollector: 0, towardsAgent: 0) }
        return Limit(
            towardsCollector: link.towardsCollector.load(ordering: .relaxed),
            towardsAgent: link.towardsAgent.load(ordering: .relaxed))
    }

    /// Ends every connection at once.
    func cut() {
        for link in links.list.withLock({ $0 }) {
            link.agent.close(promise: nil)
            link.collector.close(promise: nil)
        }
    }

    /// From now on nothing of the newest connection passes in the directions named.
    func kill(towardsCollector: Bool, towardsAgent: Bool) {
        guard let link else { return }
        link.isTowardsCollectorDead.store(towardsCollector, ordering: .relaxed)
        link.isTowardsAgentDead.store(towardsAgent, ordering: .relaxed)
    }

    /// Whether the newest connection's bytes from the agent are read, or left to fill the sockets.
    func hold(_ isHeld: Bool) async throws {
        try await link?.agent.setOption(.autoRead, value: !isHeld).get()
    }

    func stop() async {
        cut()
        try? await listener.close()
    }
}
