import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import TLS

/// A listener on the loopback and one client connected to it, each with TLS if it is given a context.
struct SocketPair {
    let listener: any Channel
    let client: any Channel
    let server: any Channel
    let clientEvents: EventRecorder
    let serverEvents: EventRecorder

    /// Connects; does not wait for the handshake.
    static func connect(
        client clientContext: TLSContext?, server serverContext: TLSContext?, serverName: String = "localhost",
        autoRead: Bool = true, reply: @escaping @Sendable (ByteBuffer, any Channel) -> Void = { _, _ in },
        onAccept: @escaping @Sendable (any Channel) -> Void = { _ in }
    ) async throws -> SocketPair {
        let group = MultiThreadedEventLoopGroup.singleton
        let clientEvents = EventRecorder()
        let serverEvents = EventRecorder(reply: reply)
        let accepted = group.any().makePromise(of: (any Channel).self)
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let serverContext {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(context: serverContext, serverName: nil))
                    }
                    try channel.pipeline.syncOperations.addHandler(serverEvents)
                    onAccept(channel)
                    accepted.succeed(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = try await ClientBootstrap(group: group)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let clientContext {
                        try channel.pipeline.syncOperations.addHandler(
                            TLSHandler(context: clientContext, serverName: serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(clientEvents)
                }
            }
            .connect(to: listener.localAddress ?? SocketAddress(ipAddress: "127.0.0.1", port: 0)).get()
        return SocketPair(
            listener: listener, client: client, server: try await accepted.futureResult.get(),
            clientEvents: clientEvents, serverEvents: serverEvents)
    }

    /// Waits until both ends are closed, then closes the listener.
    func ended() async throws {
        try await client.closeFuture.get()
        try await server.closeFuture.get()
        try await listener.close().get()
    }
}

/// Waits until `condition` holds; false when it did not within 20 s.
func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = NIODeadline.now() + .seconds(20)
    while !condition() {
        guard NIODeadline.now() < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}
