import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TLS

/// A target that can misbehave: a TCP server on loopback that hands each request's head to a script, which writes raw bytes.
final class TargetServer: Sendable {
    /// One request as the script sees it.
    struct Request: Sendable {
        /// The head as text, without the empty line.
        let head: String
        /// Counted over all connections, from 0.
        let number: Int
        /// The connection it came on, counted from 0.
        let connection: Int
        let channel: any Channel

        var path: String { String(head.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") }

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                    continue
                }
                return line[line.index(after: colon)...].drop { $0 == " " }.description
            }
            return nil
        }

        func send(_ text: String) { send(Array(text.utf8)) }

        func send(_ bytes: [UInt8]) {
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }

        /// A whole answer with Content-Length.
        func answer(_ status: String = "200 OK", headers: [(String, String)] = [], body: [UInt8] = []) {
            var head = "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            send(Array((head + "\r\n").utf8) + body)
        }

        /// Closes after what was sent has been written.
        func close() {
            channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
        }

        /// Closes without TLS' farewell.
        func cut() {
            channel.eventLoop.execute {
                let pipeline = channel.pipeline.syncOperations
                guard let tls = try? pipeline.handler(type: TLSHandler.self) else { return }
                pipeline.removeHandler(tls).whenComplete { _ in channel.close(promise: nil) }
            }
        }

        /// Closes with RST.
        func reset() {
            let linger = linger(l_onoff: 1, l_linger: 0)
            _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger).always { _ in
                channel.close(promise: nil)
            }
        }
    }

    typealias Script = @Sendable (Request) -> Void

    private let counters = Mutex<(connections: Int, requests: Int)>((0, 0))
    private let channel = Mutex<(any Channel)?>(nil)

    var connections: Int { counters.withLock { $0.connections } }
    var requests: Int { counters.withLock { $0.requests } }
    var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    func url(_ path: String = "/metrics", scheme: String = "http") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    static func start(tls: TLSContext? = nil, _ script: @escaping Script) async throws -> TargetServer {
        let server = TargetServer()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(TLSHandler(context: tls, serverName: nil))
                    }
                    let connection = server.counters.withLock { counters in
                        defer { counters.connections += 1 }
                        return counters.connections
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(connection: connection, script: script) {
                            server.counters.withLock { counters in
                                defer { counters.requests += 1 }
                                return counters.requests
                            }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.channel.withLock { $0 = channel }
        return server
    }

    func stop() async {
        try? await channel.withLock { $0 }?.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let connection: Int
        private let script: Script
        private let count: () -> Int
        private var received: [UInt8] = []

        init(connection: Int, script: @escaping Script, count: @escaping () -> Int) {
            self.connection = connection
            self.script = script
            self.count = count
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += Array(unwrapInboundIn(data).readableBytesView)
            let text = String(decoding: received, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { return }
            received = []
            script(
                Request(
                    head: String(text[..<end.lowerBound]), number: count(), connection: connection,
                    channel: context.channel))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

extension String {
    /// The first place where `text` stands.
    fileprivate func range(of text: String) -> Range<Index>? {
        let pattern = Array(text.utf8)
        let bytes = utf8
        var index = bytes.startIndex
        while index != bytes.endIndex {
            if bytes[index...].starts(with: pattern) { return index..<bytes.index(index, offsetBy: pattern.count) }
            index = bytes.index(after: index)
        }
        return nil
    }
}
