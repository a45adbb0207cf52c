import NIOCore
import NIOHTTP1
import TLS

/// One `get`, across redirects and the one retry a stale connection earns.
///
/// Owns the deadline, the connection while it is used, and the body's share of the budget; all three are given back
/// when the promise is completed. Confined to its event loop.
final class HTTPExchange {
    private let first: HTTPURL
    private var url: HTTPURL
    private let headers: [(String, String)]
    private let deadline: NIODeadline
    private let bodyLimit: Int
    private let followsRedirects: Bool
    private let client: HTTPClient
    private let means: HTTPClient.Means
    private let promise: EventLoopPromise<HTTPClientResponse>
    private let started: NIODeadline

    private var timer: Scheduled<Void>?
    private var dial: Dial?
    private var connection: HTTPConnection?
    private var isSecuring = false
    private var isReused = false
    private var isOver = false
    private var redirects = 0
    private var startedAtLoopback = false
    private var assembly: ResponseAssembly
    private var lease: BodyLease?
    private var pausedSince: NIODeadline?
    private var pausedTime: Int64 = 0

    init(
        _ url: HTTPURL, headers: [(String, String)], deadline: NIODeadline, bodyLimit: Int, followsRedirects: Bool,
        client: HTTPClient
    ) {
        first = url
        self.url = url
        self.headers = headers
        self.deadline = deadline
        self.bodyLimit = bodyLimit
        self.followsRedirects = followsRedirects
        self.client = client
        means = client.means
        promise = means.eventLoop.makePromise(of: HTTPClientResponse.self)
        started = .now()
        assembly = Self.makeAssembly(bodyLimit, followsRedirects, means)
    }

    func start() -> EventLoopFuture<HTTPClientResponse> {
        timer = means.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.deadlinePassed() }
        if let culprit = Self.unsendableHeader(headers) {
            finish(.failure(HTTPClientError(.invalidRequest, "header \(culprit) cannot be sent")))
        } else {
            request()
        }
        return promise.futureResult
    }

    /// Ends it from outside.
    func abort(_ error: HTTPClientError) {
        finish(.failure(error))
    }

    // MARK: Sending

    private func request() {
        assembly = Self.makeAssembly(bodyLimit, followsRedirects, means)
        if let idle = client.takeIdle(for: url) {
            isReused = true
            send(on: idle)
        } else {
            connect()
        }
    }

    private func connect() {
        isReused = false
        let dial = Dial(
            url, redirectedFromLoopback: url.sharesOrigin(with: first) ? nil : startedAtLoopback,
            settings: means.settings, security: means.security, deadline: deadline, eventLoop: means.eventLoop
        ) { result in
            self.dial = nil
            switch result {
            case .success(let connection):
                self.client.connectionMade()
                self.isSecuring = self.url.scheme == .https
                self.send(on: connection)
            case .failure(let error): self.finish(.failure(error))
            }
        }
        self.dial = dial
        dial.start()
    }

    private func send(on connection: HTTPConnection) {
        self.connection = connection
        if redirects == 0 { startedAtLoopback = connection.isLoopback }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target)
        head.headers.reserveCapacity(headers.count + 1)
        head.headers.add(name: "Host", value: url.hostHeader)
        let isForeign = !url.sharesOrigin(with: first)
        for (name, value) in headers where !(isForeign && Self.isPrivate(name)) {
            head.headers.add(name: name, value: value)
        }
        connection.send(head) { self.receive($0) }
    }

    // MARK: Receiving

    private func receive(_ event: HTTPConnection.Event) {
        guard !isOver else { return }
        switch event {
        case .secured: isSecuring = false
        case .head(let head): act(on: assembly.receive(head))
        case .body(let bytes): act(on: assembly.receive(bytes))
        case .end: act(on: assembly.receiveEnd())
        case .closed(let error): connectionEnded(error)
        }
    }

    private func act(on action: ResponseAssembly.Action) {
        switch action {
        case .more(let bytes): account(for: bytes)
        case .succeed(let response):
            // The decoded body is handed over at once: accounted for, but not made to wait.
            _ = lease?.hold(response.body.readableBytes)
            finish(.success(response))
        case .redirect(let location, let status): follow(location, status: status)
        case .fail(let error): finish(.failure(error))
        }
    }

    private func connectionEnded(_ error: (any Error)?) {
        let wasUnanswered = connection?.hasReceived == false
        connection = nil
        // The target closed the idle connection while the request was on its way.
        if isReused, wasUnanswered, Self.meansClosed(error) { return connect() }
        finish(.failure(translate(error)))
    }

    private func follow(_ location: String, status: Int) {
        let next: HTTPURL
        do {
            next = try redirected(to: location)
        } catch {
            return finish(.failure(HTTPClientError(.redirectRefused, error.message, status: status)))
        }
        releaseConnection()
        url = next
        request()
    }

    private func redirected(to location: String) throws(HTTPClientError) -> HTTPURL {
        redirects += 1
        guard redirects <= HTTPClientSettings.redirectLimit else {
            throw HTTPClientError(.redirectRefused, "more than \(HTTPClientSettings.redirectLimit) redirects")
        }
        let next = try url.resolving(location: location)
        guard url.scheme == .http || next.scheme == .https else {
            throw HTTPClientError(.redirectRefused, "redirect from https to http")
        }
        return next
    }

    // MARK: Memory

    private func account(for bytes: Int) {
        guard bytes > 0 else { return }
        let lease = lease ?? means.budget.open { self.resume() }
        self.lease = lease
        switch lease.hold(bytes) {
        case .proceed: break
        case .pause:
            if pausedSince == nil { pausedSince = .now() }
            connection?.setReading(false)
        case .refuse:
            finish(.failure(HTTPClientError(.overloaded, "too many bytes of bodies in flight")))
        }
    }

    private func resume() {
        guard !isOver else { return }
        if let pausedSince { pausedTime += (NIODeadline.now() - pausedSince).nanoseconds }
        pausedSince = nil
        connection?.setReading(true)
    }

    // MARK: The end

    private func deadlinePassed() {
        guard !isOver else { return }
        let now = NIODeadline.now()
        if let pausedSince { pausedTime += (now - pausedSince).nanoseconds }
        // Half the time spent waiting for memory: the target is not to blame.
        if pausedSince != nil || pausedTime > (now - started).nanoseconds / 2 {
            return finish(.failure(HTTPClientError(.overloaded, "timed out waiting for memory for its body")))
        }
        let place: String
        switch (dial?.stage, isSecuring) {
        case (.resolving, _): place = "resolving \(url.host)"
        case (.connecting, _): place = "connecting to \(url.hostHeader)"
        case (nil, true): place = "in the TLS handshake"
        case (nil, false): place = assembly.progress
        }
        finish(.failure(HTTPClientError(.timedOut, "timed out \(place)")))
    }

    /// Keeps the connection for the next request when the answer was whole and both sides want that.
    private func releaseConnection() {
        guard let connection else { return }
        self.connection = nil
        if assembly.keepsConnection, connection.isOpen {
            connection.release()
            client.keep(connection)
        } else {
            connection.close()
        }
    }

    private func finish(_ result: Result<HTTPClientResponse, HTTPClientError>) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        timer = nil
        dial?.cancel()
        dial = nil
        var kept: HTTPConnection?
        var size: Int?
        if case .success(let response) = result {
            size = response.body.readableBytes
            if assembly.keepsConnection { kept = connection }
        }
        if let kept {
            kept.release()
            client.keep(kept)
        } else {
            connection?.close()
        }
        connection = nil
        client.exchangeEnded(self, size: size)
        promise.completeWith(result.mapError { $0 as any Error })
        lease?.close()
        lease = nil
    }

    private func translate(_ error: (any Error)?) -> HTTPClientError {
        let closed = HTTPClientError(.connectionLost, "target closed the connection \(assembly.progress)")
        guard let error else { return closed }
        if let error = error as? IOError {
            return HTTPClientError(.connectionLost, "\(SystemError.text(error)) \(assembly.progress)")
        }
        guard let error = error as? HTTPParserError else { return Security.translate(error) ?? closed }
        switch error {
        case .invalidEOFState: return closed
        case .headerOverflow:
            return HTTPClientError(.malformedResponse, "answer with more than 64 KiB or 100 fields of headers")
        default: return HTTPClientError(.malformedResponse, "no valid HTTP answer: \(error)")
        }
    }

    // MARK: Rules

    private static func makeAssembly(
        _ bodyLimit: Int, _ followsRedirects: Bool, _ means: HTTPClient.Means
    ) -> ResponseAssembly {
        ResponseAssembly(
            bodyLimit: bodyLimit, followsRedirects: followsRedirects, expectedSize: means.expectedSize,
            allocator: ByteBufferAllocator())
    }

    /// Whether an idle connection that ends this way had simply been closed.
    private static func meansClosed(_ error: (any Error)?) -> Bool {
        switch error {
        case nil, is IOError, is ChannelError: true
        case let error?: error is TLSError && Security.translate(error) == nil
        }
    }

    /// Headers that are for the configured target only.
    private static func isPrivate(_ name: String) -> Bool {
        ["authorization", "cookie", "proxy-authorization"].contains(name.lowercased())
    }

    /// The name of a header that would break the request apart; never its value.
    private static func unsendableHeader(_ headers: [(String, String)]) -> String? {
        for (name, value) in headers {
            let isToken = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
            let isValue = value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
            if !isToken || !isValue { return name }
        }
        return nil
    }
}
