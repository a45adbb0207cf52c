import NIOCore
import NIOPosix
import Synchronization

@testable import Discovery

/// A name server on loopback, over UDP and TCP on one port, that lets a script answer.
final class TestDNSServer: Sendable {
    /// One question as the script sees it.
    struct Query: Sendable {
        let message: DNSMessage
        let isTCP: Bool

        /// Without the dot at its end.
        var name: String { message.question.map { String($0.name.description.dropLast()) } ?? "" }

        /// An answer; over UDP it is cut at 1232 bytes.
        func answer(_ records: [DNSRecord] = [], code: DNSResponseCode = .success) -> [UInt8] {
            DNSMessage(id: message.id, question: message.question, isResponse: true, code: code, answers: records)
                .bytes(limit: isTCP ? DNSMessage.maximumBytes : 1232)
        }
    }

    /// What is sent for a question: any number of messages.
    typealias Script = @Sendable (Query) -> [[UInt8]]

    private let script: Mutex<Script>
    private let asked = Mutex<[String]>([])
    private let channels = Mutex<[any Channel]>([])

    private init(_ script: @escaping Script) { self.script = Mutex(script) }

    /// `name`, or `name tcp`, in the order in which they came.
    var questions: [String] { asked.withLock { $0 } }

    var port: Int { channels.withLock { $0.first?.localAddress?.port } ?? 0 }

    /// A line for resolv.conf.
    var line: String { "nameserver [127.0.0.1]:\(port)\n" }

    static func start(_ script: @escaping Script) async throws -> TestDNSServer {
        let server = TestDNSServer(script)
        for _ in 0..<50 {
            let datagrams = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Datagrams(server: server))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let port = datagrams.localAddress?.port ?? 0
            // The port may be somebody else's over TCP.
            if let streams = try? await server.listen(port) {
                server.channels.withLock { $0 = [datagrams, streams] }
                return server
            }
            try await datagrams.close()
        }
        throw ChannelError.inappropriateOperationForState
    }

    private func listen(_ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Stream(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    func become(_ script: @escaping Script) { self.script.withLock { $0 = script } }

    func stop() async throws {
        for channel in channels.withLock({ $0 }) { try await channel.close() }
    }

    private func answers(to bytes: [UInt8], isTCP: Bool) -> [[UInt8]] {
        guard let message = try? DNSMessage(reading: bytes) else { return [] }
        let query = Query(message: message, isTCP: isTCP)
        asked.withLock { $0.append(query.name + (isTCP ? " tcp" : "")) }
        return script.withLock { $0 }(query)
    }

    private final class Datagrams: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        let server: TestDNSServer

        init(server: TestDNSServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = Self.unwrapInboundIn(data)
            for answer in server.answers(to: Array(envelope.data.readableBytesView), isTCP: false) {
                let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
                context.writeAndFlush(Self.wrapOutboundOut(reply), promise: nil)
            }
        }
    }

    private final class Stream: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let server: TestDNSServer
        var input = ByteBuffer()

        init(server: TestDNSServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var part = Self.unwrapInboundIn(data)
            input.writeBuffer(&part)
            while let message = input.readLengthPrefixedSlice(as: UInt16.self) {
                for answer in server.answers(to: Array(message.readableBytesView), isTCP: true) {
                    var output = ByteBuffer(integer: UInt16(answer.count))
                    output.writeBytes(answer)
                    context.write(Self.wrapOutboundOut(output), promise: nil)
                }
                context.flush()
            }
        }
    }
}
