import NIOCore
import NIOPosix
import Synchronization

/// A wire between agent and collector that a test can cut, or make silent in one direction while it stays open.
final class TCPRelay: Sendable {
    /// Which way bytes go.
    enum Direction: Sendable, Hashable {
        /// From the one who dialled.
        case outward
        /// To the one who dialled.
        case inward
    }

    private struct State {
        var isCut = false
        var stalled: Set<Direction> = []
        var pairs: [ObjectIdentifier: (near: any Channel, far: any Channel)] = [:]
        var accepted = 0
    }

    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    let port: Int
    private let destination: Int

    /// Listens on a port chosen by the kernel and relays to `destination` on this host.
    static func start(to destination: Int) async throws -> TCPRelay {
        let keeper = Keeper()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                guard let relay = keeper.relay else { return channel.close() }
                return relay.accept(channel)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let relay = TCPRelay(channel, to: destination)
        keeper.set(relay)
        return relay
    }

    private init(_ channel: any Channel, to destination: Int) {
        port = channel.localAddress?.port ?? 0
        self.destination = destination
        listener.withLock { $0 = channel }
    }

    /// Connections accepted so far.
    var accepted: Int { state.withLock { $0.accepted } }

    /// Ends every connection, and every new one at once, until `mend()`.
    func cut() {
        let pairs = state.withLock { state in
            state.isCut = true
            defer { state.pairs = [:] }
            return Array(state.pairs.values)
        }
        for pair in pairs {
            pair.near.close(promise: nil)
            pair.far.close(promise: nil)
        }
    }

    func mend() {
        state.withLock { $0.isCut = false }
    }

    /// From now on nothing goes through in `direction`, though connections stay open.
    func stall(_ direction: Direction) {
        state.withLock { _ = $0.stalled.insert(direction) }
    }

    /// Undoes `stall`; what was held back goes through.
    func flow(_ direction: Direction) {
        let pairs = state.withLock { state in
            state.stalled.remove(direction)
            return Array(state.pairs.values)
        }
        for pair in pairs { (direction == .outward ? pair.near : pair.far).read() }
    }

    /// Closes everything for good.
    func stop() {
        cut()
        listener.withLock { $0 }?.close(promise: nil)
    }

    private func accept(_ near: any Channel) -> EventLoopFuture<Void> {
        let isCut = state.withLock { state in
            state.accepted += 1
            return state.isCut
        }
        guard !isCut else { return near.close() }
        return ClientBootstrap(group: near.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: destination)
            .flatMap { [self] far in
                state.withLock { $0.pairs[ObjectIdentifier(near)] = (near, far) }
                near.closeFuture.whenComplete { _ in
                    self.state.withLock { _ = $0.pairs.removeValue(forKey: ObjectIdentifier(near)) }
                    far.close(promise: nil)
                }
                far.closeFuture.whenComplete { _ in near.close(promise: nil) }
                return near.eventLoop.makeCompletedFuture {
                    try near.pipeline.syncOperations.addHandler(
                        Forwarding(to: far) { self.isStalled(.outward) })
                    try far.pipeline.syncOperations.addHandler(
                        Forwarding(to: near) { self.isStalled(.inward) })
                }
            }
    }

    private func isStalled(_ direction: Direction) -> Bool {
        state.withLock { $0.stalled.contains(direction) }
    }
}

/// Gives the accepting side its relay, which is made after it.
private final class Keeper: Sendable {
    private let held = Mutex<TCPRelay?>(nil)

    var relay: TCPRelay? { held.withLock { $0 } }

    func set(_ relay: TCPRelay) {
        held.withLock { $0 = relay }
    }
}

/// Passes bytes on, one read at a time, and stops reading while its direction is stalled.
private final class Forwarding: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let isStalled: @Sendable () -> Bool

    init(to other: any Channel, isStalled: @escaping @Sendable () -> Bool) {
        self.other = other
        self.isStalled = isStalled
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isStalled() { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
