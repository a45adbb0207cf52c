import NIOCore
import TestSupport
import Testing

@testable import TLS

/// The handler over real sockets.
@Suite(.timeLimit(.minutes(2))) struct TLSHandlerSocketTests {
    let contexts: TunnelContexts

    init() throws { contexts = try TunnelContexts() }

    @Test func `what is written before the handshake arrives after it, and close says farewell`() async throws {
        let pair = try await SocketPair.connect(client: contexts.client(), server: contexts.server())
        try await pair.client.writeAndFlush(ByteBuffer(string: "hello")).get()
        #expect(await eventually { pair.serverEvents.received.readableBytes == 5 })
        try await pair.client.close().get()
        try await pair.ended()
        #expect(pair.serverEvents.order == ["active", "handshake", "read", "inactive"])
        #expect(pair.clientEvents.order == ["active", "handshake", "inactive"])
        #expect(pair.serverEvents.info?.peer?.subject == "CN=agent")
        #expect(pair.serverEvents.received == ByteBuffer(string: "hello"))
    }

    @Test func `ten megabytes go there and back unchanged`() async throws {
        let pair = try await SocketPair.connect(
            client: contexts.client(), server: contexts.server(),
            reply: { buffer, channel in channel.writeAndFlush(buffer, promise: nil) })
        var random = SeededGenerator(seed: 42)
        var data = ByteBuffer()
        for _ in 0..<(10 << 20) / 8 { data.writeInteger(random.next()) }
        try await pair.client.writeAndFlush(data).get()
        #expect(await eventually { pair.clientEvents.received.readableBytes == data.readableBytes })
        #expect(pair.clientEvents.received == data)
        try await pair.client.close().get()
        try await pair.ended()
        #expect(pair.clientEvents.errors.isEmpty && pair.serverEvents.errors.isEmpty)
    }

    @Test func `a refused client learns the reason after its handshake, the server names its address`() async throws {
        let pair = try await SocketPair.connect(client: contexts.client(anonymous: true), server: contexts.server())
        // Unread input at the server must not destroy the alert on its way back.
        pair.client.writeAndFlush(ByteBuffer(repeating: 1, count: 1000), promise: nil)
        try await pair.ended()
        #expect(pair.clientEvents.order == ["active", "handshake", "error", "inactive"])
        #expect(pair.clientEvents.errors.map(\.code) == [.alert(116)])
        #expect(pair.serverEvents.order == ["active", "error", "inactive"])
        #expect(pair.serverEvents.errors.map(\.code) == [.noClientCertificate])
        #expect(pair.serverEvents.errors.first?.culprit?.contains("127.0.0.1") == true)
    }

    @Test func `a client that refuses the server tells it why`() async throws {
        let pair = try await SocketPair.connect(
            client: contexts.client(), server: contexts.server(), serverName: "wrong.example")
        pair.client.writeAndFlush(ByteBuffer(string: "secret"), promise: nil)
        try await pair.ended()
        #expect(pair.clientEvents.errors.map(\.code) == [.nameMismatch])
        #expect(pair.serverEvents.errors.map(\.code) == [.alert(42)])
        #expect(pair.serverEvents.received.readableBytes == 0)
    }

    @Test func `a plain HTTP request to the TLS port is called by its name`() async throws {
        let pair = try await SocketPair.connect(client: nil, server: contexts.server())
        try await pair.client.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).get()
        // The server half-closes behind its alert, which closes the client as well.
        try await pair.ended()
        #expect(pair.serverEvents.errors.map(\.code) == [.notTLS])
        #expect(pair.serverEvents.errors.first?.message.contains("plain HTTP") == true)
    }

    @Test func `a server that answers in plain HTTP is called by its name`() async throws {
        let pair = try await SocketPair.connect(
            client: contexts.client(), server: nil,
            reply: { _, channel in
                channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"), promise: nil)
            })
        #expect(await eventually { !pair.clientEvents.errors.isEmpty })
        try await pair.ended()
        #expect(pair.clientEvents.errors.map(\.code) == [.notTLS])
        #expect(pair.clientEvents.errors.first?.message.contains("plain HTTP") == true)
        #expect(pair.clientEvents.errors.first?.culprit == "localhost")
    }

    @Test func `garbage is answered with a closed connection`() async throws {
        let pair = try await SocketPair.connect(client: nil, server: contexts.server())
        var random = SeededGenerator(seed: 7)
        var garbage = ByteBuffer(string: "SSH-2.0-")
        for _ in 0..<(1 << 20) / 8 { garbage.writeInteger(random.next()) }
        pair.client.writeAndFlush(garbage, promise: nil)
        try await pair.ended()
        #expect(pair.serverEvents.errors.map(\.code) == [.notTLS])
        #expect(pair.serverEvents.errors.first?.message.contains("SSH-2.0-") == true)
    }

    @Test func `a peer that vanishes is an unclean shutdown, told before the channel is inactive`() async throws {
        let pair = try await SocketPair.connect(client: contexts.client(), server: contexts.server())
        #expect(await eventually { pair.serverEvents.info != nil })
        // Closing below the handler is what a killed process or a cut cable looks like.
        try await pair.client.eventLoop.submit {
            try pair.client.pipeline.syncOperations.context(handlerType: TLSHandler.self).close(promise: nil)
        }.get()
        try await pair.ended()
        #expect(pair.serverEvents.order == ["active", "handshake", "error", "inactive"])
        #expect(pair.serverEvents.errors.map(\.code) == [.uncleanShutdown])
    }

    @Test func `a peer that only closes its half closes all`() async throws {
        let pair = try await SocketPair.connect(client: contexts.client(), server: contexts.server())
        try await pair.server.setOption(.allowRemoteHalfClosure, value: true).get()
        #expect(await eventually { pair.serverEvents.info != nil })
        try await pair.client.eventLoop.submit {
            try pair.client.pipeline.syncOperations.context(handlerType: TLSHandler.self)
                .close(mode: .output, promise: nil)
        }.get()
        try await pair.ended()
        #expect(pair.serverEvents.errors.map(\.code) == [.uncleanShutdown])
    }

    @Test func `with automatic reading off the handshake goes on and data waits to be asked for`() async throws {
        let pair = try await SocketPair.connect(
            client: contexts.client(), server: contexts.server(), autoRead: false,
            onAccept: { channel in channel.writeAndFlush(ByteBuffer(string: "welcome"), promise: nil) })
        #expect(await eventually { pair.clientEvents.info != nil && pair.serverEvents.info != nil })
        pair.client.read()
        #expect(await eventually { pair.clientEvents.received == ByteBuffer(string: "welcome") })
        try await pair.server.close().get()
        pair.client.read()
        try await pair.ended()
        #expect(pair.clientEvents.errors.isEmpty)
    }

    @Test func `a flushed message survives the close right behind it`() async throws {
        let pair = try await SocketPair.connect(client: contexts.client(), server: contexts.server())
        #expect(await eventually { pair.serverEvents.info != nil })
        let message = ByteBuffer(repeating: 7, count: 3 << 20)
        pair.client.writeAndFlush(message, promise: nil)
        try await pair.client.close().get()
        try await pair.ended()
        #expect(pair.serverEvents.received == message)
        #expect(pair.serverEvents.errors.isEmpty)
    }

    @Test func `an end without trust in anything works without certificates`() async throws {
        let blind = try TLSContext(TLSContextConfiguration(role: .client, insecureSkipVerify: true))
        let pair = try await SocketPair.connect(
            client: blind, server: contexts.server(requiresPeerCertificate: false, protocols: []),
            serverName: "anything.example")
        try await pair.client.writeAndFlush(ByteBuffer(string: "x")).get()
        #expect(await eventually { pair.serverEvents.received.readableBytes == 1 })
        #expect(pair.clientEvents.info?.peer?.subject == "CN=collector")
        try await pair.server.close().get()
        try await pair.ended()
        #expect(pair.clientEvents.errors.isEmpty)
    }
}
