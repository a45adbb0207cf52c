import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A reader of one target's history that keeps its connection, as Prometheus does, and remembers every sample it was given.
actor HistoryReader {
    /// A sample with its time, milliseconds since the Unix epoch.
    struct Sample: Sendable, Hashable {
        var time: Int64
        var value: Double
    }

    private let port: Int
    private let path: String
    private let source: String?
    private var channel: (any Channel)?
    private var answers: Answers?
    /// In the order in which they came, without those that came again.
    private(set) var samples: [Sample] = []
    /// How often one came again.
    private(set) var repeats = 0
    /// What must never happen.
    private(set) var faults: [String] = []

    /// - Parameters:
    ///   - path: with the query.
    ///   - source: the address to connect from, when it matters.
    init(port: Int, path: String, source: String? = nil) {
        self.port = port
        self.path = path
        self.source = source
    }

    /// Reads once; nil when the collector cannot be reached.
    func read() async -> (status: Int, body: String)? {
        do {
            let channel = try await connected()
            guard let answers else { return nil }
            let promise = channel.eventLoop.makePromise(of: (Int, String).self)
            channel.eventLoop.execute { answers.expect(promise) }
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
            head.headers = ["Host": "127.0.0.1:\(port)", "X-Prometheus-Scrape-Timeout-Seconds": "2"]
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            try await channel.writeAndFlush(HTTPClientRequestPart.end(nil))
            let (status, body) = try await promise.futureResult.get()
            if status == 200 { note(body) }
            return (status, body)
        } catch {
            await close()
            return nil
        }
    }

    /// Drops the connection: what was read last is not confirmed.
    func close() async {
        try? await channel?.close()
        channel = nil
    }

    private func connected() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        let answers = Answers()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.pipeline.addHTTPClientHandlers().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(answers)
                }
            }
        if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0)) }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        self.channel = channel
        self.answers = answers
        return channel
    }

    private func note(_ body: String) {
        var last = Int64.min
        for line in body.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let value = Double(parts[1]), let time = Int64(parts[2]) else {
                faults.append("a line without value and time: \(line)")
                continue
            }
            if time <= last { faults.append("\(time) behind \(last) in one page") }
            last = time
            let sample = Sample(time: time, value: value)
            if let known = samples.first(where: { $0.time == time }) {
                repeats += 1
                if known != sample { faults.append("\(known.value) and then \(value) at \(time)") }
            } else {
                if let newest = samples.last?.time, newest > time { faults.append("\(time) came after \(newest)") }
                samples.append(sample)
            }
        }
    }
}

/// The client's side of one connection: answers in the order of their requests.
private final class Answers: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart

    // All of it belongs to the connection's event loop.
    private var waiting: [EventLoopPromise<(Int, String)>] = []
    private var status = 0
    private var body = ByteBuffer()

    func expect(_ promise: EventLoopPromise<(Int, String)>) { waiting.append(promise) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            body.clear()
        case .body(let bytes): body.writeImmutableBuffer(bytes)
        case .end:
            guard !waiting.isEmpty else { return context.close(promise: nil) }
            waiting.removeFirst().succeed((status, String(buffer: body)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let failed = waiting
        waiting = []
        for promise in failed { promise.fail(ChannelError.ioOnClosedChannel) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
