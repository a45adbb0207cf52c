import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import TLS

/// The handler's behaviour in a pipeline, without sockets and without waiting.
@Suite struct TLSHandlerTests {
    let contexts: TunnelContexts

    init() throws { contexts = try TunnelContexts() }

    /// Two channels joined by hand.
    private struct Joined {
        let client: EmbeddedChannel
        let server: EmbeddedChannel
        let clientEvents = EventRecorder()
        let serverEvents = EventRecorder()

        init(
            client clientContext: TLSContext, server serverContext: TLSContext, serverName: String = "localhost"
        ) throws {
            client = EmbeddedChannel()
            server = EmbeddedChannel()
            try client.pipeline.syncOperations.addHandlers([
                TLSHandler(context: clientContext, serverName: serverName), clientEvents,
            ])
            try server.pipeline.syncOperations.addHandlers([
                TLSHandler(context: serverContext, serverName: nil), serverEvents,
            ])
            try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
        }

        /// Carries everything that was written to the other side until nobody writes any more.
        func exchange() throws {
            while true {
                var moved = false
                while let buffer = try client.readOutbound(as: ByteBuffer.self) {
                    moved = true
                    if server.isActive { try server.writeInbound(buffer) }
                }
                while let buffer = try server.readOutbound(as: ByteBuffer.self) {
                    moved = true
                    if client.isActive { try client.writeInbound(buffer) }
                }
                if !moved { return }
            }
        }

        func connected() throws -> Joined {
            try exchange()
            #expect(clientEvents.info != nil && serverEvents.info != nil)
            return self
        }

        func finish() {
            _ = try? client.finish(acceptAlreadyClosed: true)
            _ = try? server.finish(acceptAlreadyClosed: true)
        }
    }

    private func joined() throws -> Joined {
        try Joined(client: contexts.client(), server: contexts.server())
    }

    @Test func `whatever is flushed at once leaves as one buffer, small writes share records`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        let done = NIOLockedValueBox(0)
        for _ in 0..<1000 {
            let written = pair.client.write(ByteBuffer(repeating: 65, count: 100))
            written.whenSuccess { done.withLockedValue { $0 += 1 } }
        }
        pair.client.flush()
        let buffer = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        #expect(try pair.client.readOutbound(as: ByteBuffer.self) == nil)
        #expect(buffer.readableBytes < 100_000 + 8 * 64)
        #expect(done.withLockedValue { $0 } == 1000)
        try pair.server.writeInbound(buffer)
        #expect(pair.serverEvents.received == ByteBuffer(repeating: 65, count: 100_000))
    }

    @Test func `writes of all sizes keep their order`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        var random = SeededGenerator(seed: 99)
        var expected = ByteBuffer()
        let sizes = [0, 1, 100, 16_000, 16_383, 16_384, 16_385, 40_000, 1 << 20, (1 << 20) + 1, 3 << 20]
        for round in 0..<60 {
            let size = sizes[Int(random.next() % UInt64(sizes.count))]
            let piece = ByteBuffer(repeating: UInt8(truncatingIfNeeded: round), count: size)
            expected.writeImmutableBuffer(piece)
            pair.client.write(piece, promise: nil)
            if random.next() % 3 == 0 { pair.client.flush() }
        }
        pair.client.flush()
        try pair.exchange()
        #expect(pair.serverEvents.received == expected)
    }

    @Test func `writes that were never flushed fail when the channel closes`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        let unflushed = pair.client.write(ByteBuffer(string: "never"))
        pair.client.close(promise: nil)
        let error = #expect(throws: TLSError.self) { try unflushed.wait() }
        #expect(error?.code == .closed)
        let late = #expect(throws: TLSError.self) { try pair.client.writeAndFlush(ByteBuffer(string: "late")).wait() }
        #expect(late?.code == .closed)
        try pair.exchange()
        #expect(pair.serverEvents.received.readableBytes == 0)
    }

    @Test func `writes that wait for the handshake fail when the connection ends first`() throws {
        let pair = try joined()
        defer { pair.finish() }
        let waiting = pair.client.writeAndFlush(ByteBuffer(string: "waiting"))
        pair.client.pipeline.fireChannelInactive()
        let error = #expect(throws: TLSError.self) { try waiting.wait() }
        #expect(error?.code == .uncleanShutdown)
        #expect(pair.clientEvents.order.suffix(2) == ["error", "inactive"])
        #expect(pair.clientEvents.errors.first?.message.contains("during the TLS handshake") == true)
    }

    @Test func `writes that wait for the handshake fail with the reason the server was refused for`() throws {
        let pair = try Joined(client: contexts.client(), server: contexts.server(), serverName: "wrong.example")
        defer { pair.finish() }
        let waiting = pair.client.writeAndFlush(ByteBuffer(string: "secret"))
        try pair.exchange()
        let error = #expect(throws: TLSError.self) { try waiting.wait() }
        #expect(error?.code == .nameMismatch)
        #expect(pair.clientEvents.errors.map(\.code) == [.nameMismatch])
    }

    @Test func `a failed promise may write and close again`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        let client = pair.client
        let again = NIOLockedValueBox<TLSError?>(nil)
        client.write(ByteBuffer(string: "never")).whenFailure { _ in
            client.writeAndFlush(ByteBuffer(string: "again")).whenFailure { error in
                again.withLockedValue { $0 = error as? TLSError }
            }
            client.close(promise: nil)
        }
        client.close(promise: nil)
        try pair.exchange()
        #expect(again.withLockedValue { $0 }?.code == .closed)
        #expect(pair.clientEvents.errors.isEmpty)
    }

    @Test func `too much written before the handshake fails instead of filling the memory`() throws {
        let pair = try joined()
        defer { pair.finish() }
        let chunk = ByteBuffer(repeating: 0, count: 1 << 20)
        for _ in 0..<17 { pair.client.write(chunk, promise: nil) }
        #expect(pair.clientEvents.errors.map(\.code) == [.handshakeFailed])
        #expect(!pair.client.isActive)
    }

    @Test func `a peer that never answers the handshake is given up in time`() throws {
        let pair = try joined()
        defer { pair.finish() }
        pair.client.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(pair.client.isActive)
        pair.client.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!pair.client.isActive)
        #expect(pair.clientEvents.errors.map(\.code) == [.handshakeFailed])
        #expect(pair.clientEvents.errors.first?.message.contains("10.0 s") == true)
    }

    @Test func `a finished handshake leaves no timer behind`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        pair.client.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(pair.client.isActive)
    }

    @Test func `after a damaged record the error comes once, whatever else arrives`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        pair.server.pipeline.fireChannelRead(ByteBuffer(repeating: 0x17, count: 100))
        pair.server.pipeline.fireChannelRead(ByteBuffer(repeating: 0x17, count: 100))
        pair.server.embeddedEventLoop.run()
        #expect(pair.serverEvents.errors.count == 1)
        #expect(pair.serverEvents.order.suffix(2) == ["error", "inactive"])
    }

    @Test func `plaintext ahead of the farewell is delivered`() throws {
        let pair = try joined().connected()
        defer { pair.finish() }
        pair.client.writeAndFlush(ByteBuffer(string: "last words"), promise: nil)
        pair.client.close(promise: nil)
        try pair.exchange()
        #expect(pair.serverEvents.received == ByteBuffer(string: "last words"))
        #expect(pair.serverEvents.order == ["active", "handshake", "read", "inactive"])
        #expect(!pair.server.isActive)
    }

    @Test func `a handler added to an open channel begins at once`() throws {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(
            TLSHandler(context: contexts.client(), serverName: "localhost"))
        let hello = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(hello.getInteger(at: 0, as: UInt8.self) == 22)
    }

    @Test func `a client with an impossible server name fails without sending anything`() throws {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        let events = EventRecorder()
        try channel.pipeline.syncOperations.addHandlers([
            TLSHandler(context: contexts.client(), serverName: "not a name"), events,
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        #expect(events.errors.map(\.code) == [.configuration])
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        #expect(!channel.isActive)
    }
}
