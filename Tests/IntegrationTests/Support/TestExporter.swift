import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A target that does what it is told: per path an answer, a delay, or a misdeed. Counts and remembers its requests.
final class TestExporter: Sendable {
    /// What happens to a request.
    struct Answer: Sendable {
        enum Manner: Sendable {
            /// Answers.
            case answer
            /// Closes the connection with a TCP reset.
            case reset
            /// Never answers.
            case hang
        }

        var manner = Manner.answer
        var status = 200
        var headers: [(String, String)] = [("Content-Type", "text/plain; version=0.0.4")]
        var body: [UInt8] = []
        var delay = TimeAmount.zero

        static func text(_ text: String) -> Answer { Answer(body: Array(text.utf8)) }
        static let reset = Answer(manner: .reset)
        static let hang = Answer(manner: .hang)
    }

    typealias Responder = @Sendable (HTTPRequestHead) -> Answer

    private struct State {
        var responders: [String: Responder] = [:]
        var requests: [HTTPRequestHead] = []
        var counts: [String: Int] = [:]
        /// When each number of a counter was handed out, seconds since the Unix epoch.
        var times: [String: [Double]] = [:]
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)
    let port: Int

    /// Listens on `port`, by default one chosen by the kernel.
    static func start(host: String = "127.0.0.1", port: Int = 0) async throws -> TestExporter {
        let holder = ResponderHolder()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try operations.addHandler(Answering { holder.answer($0) })
                }
            }
            .bind(host: host, port: port).get()
        let exporter = TestExporter(channel)
        holder.exporter.withLock { $0 = Weak(exporter) }
        return exporter
    }

    private init(_ channel: any Channel) {
        port = channel.localAddress?.port ?? 0
        self.channel.withLock { $0 = channel }
    }

    deinit { channel.withLock { $0 }?.close(promise: nil) }

    /// Stops listening; connections that are open stay.
    func stop() async throws {
        try await channel.withLock { $0 }?.close().get()
    }

    /// A port of 127.0.0.1 on which nobody listens.
    static func freePort() async throws -> Int {
        let exporter = try await start()
        try await exporter.stop()
        return exporter.port
    }

    var address: String { "127.0.0.1:\(port)" }

    /// From now on `path` is answered by `responder`, whatever the query.
    func on(_ path: String, _ responder: @escaping Responder) {
        state.withLock { $0.responders[path] = responder }
    }

    /// From now on `path` is answered with `answer`.
    func on(_ path: String, _ answer: Answer) {
        on(path) { _ in answer }
    }

    /// A counter on `path`: every request gets the next number, beginning with 1, as `scrapes_total`.
    func count(on path: String, delay: TimeAmount = .zero) {
        let next: Responder = { [weak self] _ in
            let value = self?.state.withLock { state in
                state.times[path, default: []].append(Self.now)
                return state.times[path]?.count
            }
            guard let value else { return .reset }
            var answer = Answer.text("# TYPE scrapes_total counter\nscrapes_total \(value)\n")
            answer.delay = delay
            return answer
        }
        on(path, next)
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// When each number of the counter on `path` was handed out, seconds since the Unix epoch; the first is that of 1.
    func times(_ path: String) -> [Double] { state.withLock { $0.times[path] ?? [] } }

    /// The number of requests for `path` so far.
    func requestCount(_ path: String) -> Int { state.withLock { $0.counts[path] ?? 0 } }

    /// The requests so far, the newest thousand.
    var requests: [HTTPRequestHead] { state.withLock { $0.requests } }

    fileprivate func answer(_ head: HTTPRequestHead) -> Answer {
        let path = String(head.uri.prefix { $0 != "?" })
        let responder = state.withLock { state in
            state.counts[path, default: 0] += 1
            state.requests.append(head)
            if state.requests.count > 1000 { state.requests.removeFirst() }
            return state.responders[path]
        }
        return responder?(head) ?? Answer(status: 404, body: Array("no such path\n".utf8))
    }
}

/// Lets connections reach their exporter without keeping it alive.
private final class ResponderHolder: Sendable {
    let exporter = Mutex(Weak(nil))

    func answer(_ head: HTTPRequestHead) -> TestExporter.Answer {
        exporter.withLock { $0.value }?.answer(head) ?? .reset
    }
}

private struct Weak: Sendable {
    weak let value: TestExporter?

    init(_ value: TestExporter?) {
        self.value = value
    }
}

/// One connection of an exporter. Writes bytes itself: a header that an encoder would mend must arrive as it is.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let responder: @Sendable (HTTPRequestHead) -> TestExporter.Answer
    private var head: HTTPRequestHead?

    init(_ responder: @escaping @Sendable (HTTPRequestHead) -> TestExporter.Answer) {
        self.responder = responder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            let answer = responder(head)
            guard answer.delay > .zero else { return give(answer, context: context) }
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.eventLoop.assumeIsolated().scheduleTask(in: answer.delay) {
                self.give(answer, context: context.value)
            }
        }
    }

    private func give(_ answer: TestExporter.Answer, context: ChannelHandlerContext) {
        switch answer.manner {
        case .hang: return
        case .reset:
            let channel = context.channel
            guard let socket = channel as? any SocketOptionProvider else { return }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        case .answer:
            var text = "HTTP/1.1 \(answer.status) Test\r\nContent-Length: \(answer.body.count)\r\n"
            for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
            var buffer = ByteBuffer(string: text + "\r\n")
            buffer.writeBytes(answer.body)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
