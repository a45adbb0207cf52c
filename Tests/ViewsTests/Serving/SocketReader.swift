import NIOCore
import NIOPosix
import Synchronization
import TLS
import Testing

/// A client that sees every byte a server sends, and sends what it is told.
final class SocketReader: Sendable {
    /// One answer as it came, but for its `Date`, which is a star.
    struct Answer: Equatable, CustomStringConvertible {
        var head: String
        var body: String

        var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }
        var description: String { head + body.prefix(200) }
    }

    private struct Received {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let received = Mutex(Received())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            received.withLock { $0.bytes.append(contentsOf: bytes.readableBytesView) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed? = event as? ChannelEvent { received.withLock { $0.isClosed = true } }
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.withLock { $0.isClosed = true }
        }
    }

    private let channel: any Channel
    private let collector: Collector

    private init(_ channel: any Channel, _ collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    /// - Parameters:
    ///   - tls: for a server that wants it.
    ///   - isPaused: reads nothing until ``resume()``.
    static func connect(_ port: Int, tls: TLSContext? = nil, isPaused: Bool = false) async throws -> SocketReader {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true).channelOption(.autoRead, value: !isPaused)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(TLSHandler(context: tls, serverName: "localhost")) }
                    try pipeline.addHandler(collector)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return SocketReader(channel, collector)
    }

    /// Connects to a server that closes connections idle for a second and sends `text` well before that: a machine that
    /// stops us in between makes it try again.
    static func connect(_ port: Int, sendingSoon text: String) async throws -> SocketReader {
        while true {
            let start = ContinuousClock.now
            let reader = try await connect(port)
            try? await reader.send(text)
            if ContinuousClock.now - start < .milliseconds(400) { return reader }
            await reader.close()
        }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func resume() async throws { try await channel.setOption(ChannelOptions.autoRead, value: true).get() }
    func closeOutput() async throws { try await channel.close(mode: .output) }
    func close() async { try? await channel.close() }
    var isClosed: Bool { collector.received.withLock { $0.isClosed } }
    var byteCount: Int { collector.received.withLock { $0.bytes.count } }

    /// The next answers, in order; those at `heads` have no body, whatever their length says.
    func answers(_ count: Int, heads: Set<Int> = []) async throws -> [Answer] {
        var answers: [Answer] = []
        for index in 0..<count {
            var answer: Answer?
            try await eventually("answer \(index) of \(count) is there") {
                answer = collector.received.withLock { Self.take(from: &$0.bytes, isHead: heads.contains(index)) }
                return answer != nil
            }
            answers.append(try #require(answer))
        }
        return answers
    }

    private static func take(from bytes: inout [UInt8], isHead: Bool) -> Answer? {
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: "\r\n\r\n".utf8) }) else { return nil }
        var length = 0
        let lines = String(decoding: bytes[..<end], as: UTF8.self).components(of: "\r\n").map { line in
            if line.hasPrefix("Content-Length: ") { length = Int(line.dropFirst(16)) ?? 0 }
            return line.hasPrefix("Date: ") ? "Date: *" : line
        }
        let count = end + 4 + (isHead ? 0 : length)
        guard bytes.count >= count else { return nil }
        let body = String(decoding: bytes[(end + 4)..<count], as: UTF8.self)
        bytes.removeFirst(count)
        return Answer(head: lines.joined(separator: "\r\n"), body: body)
    }
}

extension String {
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

/// Waits until `condition` holds, at most ten seconds.
func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "\(what): not within ten seconds")
        try await Task.sleep(for: .milliseconds(1))
    }
}
