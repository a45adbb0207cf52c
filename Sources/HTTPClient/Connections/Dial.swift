import NIOCore
import NIOPosix

/// The way to one connection: resolve, judge, connect, and where a proxy has to, let it connect.
///
/// Owns the attempts until one of them succeeded or all failed; `complete` is called exactly once, unless cancelled.
/// Confined to its event loop.
final class Dial {
    /// Where it stands, for the sentence of a timeout.
    enum Stage {
        case resolving
        case connecting
        /// A proxy has been asked.
        case asking
    }

    private(set) var stage = Stage.resolving
    private let url: HTTPURL
    private let route: Route
    private let origin: AddressPolicy.Origin
    private let settings: HTTPClientSettings
    private let security: Security
    private let deadline: NIODeadline
    private let means: HTTPClientMeans
    private var complete: ((Result<HTTPConnection, HTTPClientError>) -> Void)?
    /// What a proxy has still to connect.
    private var opening: HTTPConnection?

    /// `redirectedFromLoopback` is nil for the first URL; `isWritten` when that is in the configuration.
    init(
        _ url: HTTPURL, by route: Route, isWritten: Bool, redirectedFromLoopback: Bool?, settings: HTTPClientSettings,
        security: Security,
        deadline: NIODeadline, means: HTTPClientMeans,
        complete: @escaping (Result<HTTPConnection, HTTPClientError>) -> Void
    ) {
        self.url = url
        self.route = route
        if let proxy = route.proxy {
            origin = .proxy(isLiteral: HostResolver.isLiteral(proxy.host))
        } else if let redirectedFromLoopback {
            origin = .redirect(fromLoopback: redirectedFromLoopback)
        } else {
            origin = isWritten && HostResolver.isLiteral(url.host) ? .configuredLiterally : .configured
        }
        self.settings = settings
        self.security = security
        self.deadline = deadline
        self.means = means
        self.complete = complete
    }

    func start() {
        settings.resolver.lookup(host, port, deadline, means.eventLoop).assumeIsolated().whenComplete {
            result in
            switch result {
            case .success(let addresses): self.connect(toOneOf: addresses)
            case .failure(let error as HTTPClientError): self.finish(.failure(error))
            case .failure: self.finish(.failure(HTTPClientError(.resolutionFailed, "cannot resolve \(self.host)")))
            }
        }
    }

    /// Gives up; a connection that still comes is closed.
    func cancel() {
        complete = nil
        opening?.close()
        opening = nil
    }

    /// Whom a timeout is about.
    var place: String {
        switch stage {
        case .resolving: "resolving \(host)"
        case .connecting: "connecting to \(peer)"
        case .asking: "waiting for \(peer) to connect to \(url.hostHeader)"
        }
    }

    private var host: String { route.proxy?.host ?? url.host }
    private var port: Int { route.proxy?.port ?? url.port }
    private var scheme: HTTPURL.Scheme { route.proxy?.scheme ?? url.scheme }
    private var peer: String { route.proxy.map { "proxy \($0)" } ?? url.hostHeader }

    private func finish(_ result: Result<HTTPConnection, HTTPClientError>) {
        guard let complete else {
            if case .success(let connection) = result { connection.close() }
            return
        }
        self.complete = nil
        opening = nil
        complete(result)
    }

    private func connect(toOneOf addresses: [SocketAddress]) {
        guard complete != nil else { return }
        stage = .connecting
        var refusal: String?
        var permitted: [SocketAddress] = []
        for address in addresses {
            if let reason = settings.policy.refusal(of: address, origin: origin, scheme: scheme) {
                refusal = (route.proxy == nil ? "" : "proxy ") + "\(host) must not be dialled: \(reason)"
            } else {
                permitted.append(address)
            }
        }
        if permitted.isEmpty, let refusal {
            if case .redirect = origin { return finish(.failure(HTTPClientError(.redirectRefused, refusal))) }
            return finish(.failure(HTTPClientError(.connectionFailed, refusal)))
        }
        connect(permitted[...], last: HTTPClientError(.resolutionFailed, "no address for \(host)"))
    }

    /// Tries the addresses one after the other; each gets its share of the time left.
    private func connect(_ addresses: ArraySlice<SocketAddress>, last: HTTPClientError) {
        guard complete != nil else { return }
        guard let address = addresses.first else { return finish(.failure(last)) }
        let left = deadline - .now()
        guard left > .nanoseconds(0) else {
            return finish(.failure(HTTPClientError(.timedOut, "timed out connecting to \(peer)")))
        }
        let share = addresses.count == 1 ? left : .nanoseconds(left.nanoseconds / Int64(addresses.count + 1))
        attempt(address, timeout: share) { result in
            switch result {
            case .success(let connection): self.finish(.success(connection))
            // The proxy has spoken: its other addresses would say the same.
            case .failure(let error) where self.stage == .asking: self.finish(.failure(error))
            case .failure(let error): self.connect(addresses.dropFirst(), last: error)
            }
        }
    }

    private func attempt(
        _ address: SocketAddress, timeout: TimeAmount,
        complete: @escaping (Result<HTTPConnection, HTTPClientError>) -> Void
    ) {
        let connection = HTTPConnection(
            url: url, route: route, isLoopback: AddressPolicy.isLoopback(address), receiveBuffer: means.receiveBuffer)
        // Both the socket and the proxy may have the last word; whichever comes first has it.
        var isSettled = false
        let settle: (Result<HTTPConnection, HTTPClientError>) -> Void = { result in
            guard !isSettled else { return }
            isSettled = true
            complete(result)
        }
        let handlers: [any ChannelHandler]
        do {
            handlers = try self.handlers(before: connection, complete: settle)
        } catch {
            return settle(.failure(error))
        }
        let bound = NIOLoopBound(handlers, eventLoop: means.eventLoop)
        let connected = ClientBootstrap(group: means.eventLoop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator,
                value: ReceiveAllocator(means.receiveBuffer, eventLoop: means.eventLoop)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(bound.value)
                }
            }
            .connect(to: address)
        connected.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                guard case .tunnel = self.route else { return settle(.success(connection)) }
                guard !isSettled else { return }
                // The rest is up to the proxy, unless nobody waits for it any more.
                guard self.complete != nil else { return connection.close() }
                self.stage = .asking
                self.opening = connection
            case .failure(let error): settle(.failure(self.translate(error)))
            }
        }
    }

    /// What stands between the socket and HTTP, HTTP included.
    private func handlers(
        before connection: HTTPConnection, complete: @escaping (Result<HTTPConnection, HTTPClientError>) -> Void
    ) throws(HTTPClientError) -> [any ChannelHandler] {
        var handlers: [any ChannelHandler] = []
        if let proxy = route.proxy, let tls = try security.handler(for: proxy, deadline: deadline) {
            handlers.append(tls)
        }
        if !route.isForwarding, let tls = try security.handler(for: url, deadline: deadline) {
            if case .tunnel(let proxy) = route {
                handlers.append(
                    ConnectHandler(proxy: proxy, target: url, next: tls) { error in
                        complete(error.map { .failure($0) } ?? .success(connection))
                    })
            } else {
                handlers.append(tls)
            }
        }
        return handlers + [connection]
    }

    private func translate(_ error: any Error) -> HTTPClientError {
        let place = peer
        switch error {
        case let error as HTTPClientError: return error
        case ChannelError.connectTimeout: return HTTPClientError(.timedOut, "timed out connecting to \(place)")
        case let error as IOError: return HTTPClientError(.connectionFailed, "\(place): \(SystemError.text(error))")
        default: return Security.translate(error) ?? HTTPClientError(.connectionFailed, "cannot connect to \(place)")
        }
    }
}
