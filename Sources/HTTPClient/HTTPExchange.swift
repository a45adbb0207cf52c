import NIOCore
import TLS

/// One `get`, across redirects and the one retry a stale connection earns.
///
/// Owns the deadline, the connection while it is used, and the body's share of the budget; all three are given back
/// when it ends. Confined to its event loop.
final class HTTPExchange: TimedWork {
    private let first: HTTPRequest
    private var request: HTTPRequest
    private let deadline: NIODeadline
    private let bodyLimit: Int
    private let followsRedirects: Bool
    private let client: HTTPClient
    private let complete: (Result<HTTPClientResponse, HTTPClientError>) -> Void
    private let started = NIODeadline.now()

    private var timer: LoopTimer.Ticket?
    private var dial: Dial?
    private var connection: HTTPConnection?
    private var isSecuring = false
    private var isReused = false
    private var route = Route.direct
    private var isOver = false
    private var redirects = 0
    private var startedAtLoopback = false
    private var assembly: ResponseAssembly
    private var lease: BodyLease?
    private var pausedSince: NIODeadline?
    private var pausedTime: Int64 = 0

    private var means: HTTPClientMeans { client.means }

    init(
        _ request: HTTPRequest, deadline: NIODeadline, bodyLimit: Int, followsRedirects: Bool, client: HTTPClient,
        complete: @escaping (Result<HTTPClientResponse, HTTPClientError>) -> Void
    ) {
        first = request
        self.request = request
        self.deadline = deadline
        self.bodyLimit = bodyLimit
        self.followsRedirects = followsRedirects
        self.client = client
        self.complete = complete
        assembly = Self.makeAssembly(bodyLimit, followsRedirects, client)
    }

    func start() {
        timer = means.deadlines.schedule(self, at: deadline)
        sendRequest()
    }

    /// Ends it from outside.
    func abort(_ error: HTTPClientError) {
        finish(.failure(error))
    }

    // MARK: Sending

    private func sendRequest() {
        route = Route(to: request.url, rules: client.settings.proxy)
        if let refusal = proxyRefusal() { return finish(.failure(refusal)) }
        if let idle = client.takeIdle(for: request.url, by: route) {
            isReused = true
            send(on: idle)
        } else {
            connect()
        }
    }

    /// Why a proxy is not asked for the URL: through it, nobody else would judge the address in there.
    private func proxyRefusal() -> HTTPClientError? {
        guard route.proxy != nil else { return nil }
        let origin: AddressPolicy.Origin =
            isRedirectedElsewhere
            ? .redirect(fromLoopback: startedAtLoopback) : first.isDiscovered ? .configured : .configuredLiterally
        guard let reason = client.settings.policy.refusal(behindProxy: request.url, origin: origin) else { return nil }
        return HTTPClientError(
            isRedirectedElsewhere ? .redirectRefused : .connectionFailed,
            "\(request.url.host) must not be dialled: \(reason)")
    }

    private var isRedirectedElsewhere: Bool { !request.url.sharesOrigin(with: first.url) }

    private func connect() {
        isReused = false
        let generation = client.generation
        let dial = Dial(
            request.url, by: route, isWritten: !first.isDiscovered,
            redirectedFromLoopback: isRedirectedElsewhere ? startedAtLoopback : nil,
            settings: client.settings, security: client.security, deadline: deadline, means: means
        ) { result in
            self.dial = nil
            switch result {
            case .success(let connection):
                self.client.connectionMade()
                connection.generation = generation
                self.isSecuring = self.route.beginsWithHandshake(for: self.request.url)
                self.send(on: connection)
            case .failure(let error): self.finish(.failure(error))
            }
        }
        self.dial = dial
        dial.start()
    }

    private func send(on connection: HTTPConnection) {
        self.connection = connection
        if redirects == 0 {
            startedAtLoopback =
                route == .direct ? connection.isLoopback : AddressPolicy.isLoopback(request.url)
        }
        assembly.speaker = speaker
        connection.send(request, for: self)
    }

    // MARK: Receiving

    /// The TLS handshake is done.
    func secured() {
        isSecuring = false
    }

    /// A part of the answer came.
    func receive(_ part: ResponseParser.Part) {
        guard !isOver else { return }
        let action =
            switch part {
            case .head(let head): assembly.receive(head)
            case .body(let bytes): assembly.receive(bytes)
            case .end: assembly.receiveEnd()
            }
        switch action {
        case .more: break
        case .succeed(let response):
            // The decoded body is handed over at once: accounted for, but not made to wait.
            _ = lease?.hold(response.body.readableBytes)
            finish(.success(response))
        case .redirect(let location, let status): follow(location, status: status)
        case .fail(let error): finish(.failure(error))
        }
    }

    /// Everything read so far has been handed over, and the answer is not whole.
    func readingPaused() {
        assembly.settle()
        account(for: assembly.heldBytes)
    }

    /// The connection ended; nil for an orderly end.
    func connectionEnded(_ error: (any Error)?) {
        guard !isOver else { return }
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
        request = first.redirected(to: next)
        assembly = Self.makeAssembly(bodyLimit, followsRedirects, client)
        sendRequest()
    }

    private func redirected(to location: String) throws(HTTPClientError) -> HTTPURL {
        redirects += 1
        guard redirects <= HTTPClientSettings.redirectLimit else {
            throw HTTPClientError(.redirectRefused, "more than \(HTTPClientSettings.redirectLimit) redirects")
        }
        let next = try request.url.resolving(location: location)
        guard request.url.scheme == .http || next.scheme == .https else {
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

    /// The deadline has passed.
    func timeArrived() {
        timer = nil
        guard !isOver else { return }
        let now = NIODeadline.now()
        if let pausedSince { pausedTime += (now - pausedSince).nanoseconds }
        // Half the time spent waiting for memory: the target is not to blame.
        if pausedSince != nil || pausedTime > (now - started).nanoseconds / 2 {
            return finish(.failure(HTTPClientError(.overloaded, "timed out waiting for memory for its body")))
        }
        let handshake = speaker == .proxy ? "in the proxy's TLS handshake" : "in the TLS handshake"
        let place = dial?.place ?? (isSecuring ? handshake : assembly.progress)
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
        if let timer { means.deadlines.cancel(timer) }
        timer = nil
        dial?.cancel()
        dial = nil
        var kept: HTTPConnection?
        var response: HTTPClientResponse?
        if case .success(let whole) = result {
            response = whole
            if assembly.keepsConnection { kept = connection }
        }
        if let kept {
            kept.release()
            client.keep(kept)
        } else {
            connection?.close()
        }
        connection = nil
        client.exchangeEnded(self, response)
        complete(result)
        lease?.close()
        lease = nil
    }

    private func translate(_ error: (any Error)?) -> HTTPClientError {
        let closed = HTTPClientError(.connectionLost, "\(speaker.name) closed the connection \(assembly.progress)")
        guard let error else { return closed }
        if let error = error as? IOError {
            return HTTPClientError(.connectionLost, "\(SystemError.text(error)) \(assembly.progress)")
        }
        if let error = error as? HTTPClientError { return error }
        guard let known = Security.translate(error) else { return closed }
        return speaker == .proxy ? HTTPClientError(known.code, "proxy: \(known.message)") : known
    }

    private var speaker: Speaker { route.isForwarding ? .proxy : .target }

    // MARK: Rules

    private static func makeAssembly(
        _ bodyLimit: Int, _ followsRedirects: Bool, _ client: HTTPClient
    ) -> ResponseAssembly {
        ResponseAssembly(
            bodyLimit: bodyLimit, followsRedirects: followsRedirects, expectedSize: client.expectedSize,
            means: client.means)
    }

    /// Whether an idle connection that ends this way had simply been closed.
    private static func meansClosed(_ error: (any Error)?) -> Bool {
        switch error {
        case nil, is IOError, is ChannelError: true
        case let error?: error is TLSError && Security.translate(error) == nil
        }
    }
}
