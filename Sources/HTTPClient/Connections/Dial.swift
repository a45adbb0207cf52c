import NIOCore
import NIOPosix

/// The way to one connection: resolve, judge, connect.
///
/// Owns the attempts until one of them succeeded or all failed; `complete` is called exactly once, unless cancelled.
/// Confined to its event loop.
final class Dial {
    /// Where it stands, for the sentence of a timeout.
    enum Stage {
        case resolving
        case connecting
    }

    private(set) var stage = Stage.resolving
    private let url: HTTPURL
    private let origin: AddressPolicy.Origin
    private let settings: HTTPClientSettings
    private let security: Security
    private let deadline: NIODeadline
    private let means: HTTPClientMeans
    private var complete: ((Result<HTTPConnection, HTTPClientError>) -> Void)?

    /// `redirectedFromLoopback` is nil for the configured URL.
    init(
        _ url: HTTPURL, redirectedFromLoopback: Bool?, settings: HTTPClientSettings, security: Security,
        deadline: NIODeadline, means: HTTPClientMeans,
        complete: @escaping (Result<HTTPConnection, HTTPClientError>) -> Void
    ) {
        self.url = url
        if let redirectedFromLoopback {
            origin = .redirect(fromLoopback: redirectedFromLoopback)
        } else {
            origin = HostResolver.isLiteral(url.host) ? .configuredLiterally : .configured
        }
        self.settings = settings
        self.security = security
        self.deadline = deadline
        self.means = means
        self.complete = complete
    }

    func start() {
        settings.resolver.lookup(url.host, url.port, deadline, means.eventLoop).assumeIsolated().whenComplete {
            result in
            switch result {
            case .success(let addresses): self.connect(toOneOf: addresses)
            case .failure(let error as HTTPClientError): self.finish(.failure(error))
            case .failure: self.finish(.failure(HTTPClientError(.resolutionFailed, "cannot resolve \(self.url.host)")))
            }
        }
    }

    /// Gives up; a connection that still comes is closed.
    func cancel() {
        complete = nil
    }

    private func finish(_ result: Result<HTTPConnection, HTTPClientError>) {
        guard let complete else {
            if case .success(let connection) = result { connection.close() }
            return
        }
        self.complete = nil
        complete(result)
    }

    private func connect(toOneOf addresses: [SocketAddress]) {
        guard complete != nil else { return }
        stage = .connecting
        var refusal: String?
        var permitted: [SocketAddress] = []
        for address in addresses {
            if let reason = settings.policy.refusal(of: address, origin: origin) {
                refusal = "\(url.host) must not be dialled: \(reason)"
            } else {
                permitted.append(address)
            }
        }
        if permitted.isEmpty, let refusal {
            if case .redirect = origin { return finish(.failure(HTTPClientError(.redirectRefused, refusal))) }
            return finish(.failure(HTTPClientError(.connectionFailed, refusal)))
        }
        connect(permitted[...], last: HTTPClientError(.resolutionFailed, "no address for \(url.host)"))
    }

    /// Tries the addresses one after the other; each gets its share of the time left.
    private func connect(_ addresses: ArraySlice<SocketAddress>, last: HTTPClientError) {
        guard complete != nil else { return }
        guard let address = addresses.first else { return finish(.failure(last)) }
        let left = deadline - .now()
        guard left > .nanoseconds(0) else {
            return finish(.failure(HTTPClientError(.timedOut, "timed out connecting to \(url.hostHeader)")))
        }
        let share = addresses.count == 1 ? left : .nanoseconds(left.nanoseconds / Int64(addresses.count + 1))
        attempt(address, timeout: share) { result in
            switch result {
            case .success(let connection): self.finish(.success(connection))
            case .failure(let error): self.connect(addresses.dropFirst(), last: error)
            }
        }
    }

    private func attempt(
        _ address: SocketAddress, timeout: TimeAmount,
        complete: @escaping (Result<HTTPConnection, HTTPClientError>) -> Void
    ) {
        let connection = HTTPConnection(
            url: url, isLoopback: AddressPolicy.isLoopback(address), receiveBuffer: means.receiveBuffer)
        var handlers: [any ChannelHandler] = [connection]
        do {
            if let tls = try security.handler(for: url, deadline: deadline) { handlers.insert(tls, at: 0) }
        } catch {
            return complete(.failure(error))
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
            case .success: complete(.success(connection))
            case .failure(let error): complete(.failure(self.translate(error)))
            }
        }
    }

    private func translate(_ error: any Error) -> HTTPClientError {
        let place = url.hostHeader
        switch error {
        case let error as HTTPClientError: return error
        case ChannelError.connectTimeout: return HTTPClientError(.timedOut, "timed out connecting to \(place)")
        case let error as IOError: return HTTPClientError(.connectionFailed, "\(place): \(SystemError.text(error))")
        default: return Security.translate(error) ?? HTTPClientError(.connectionFailed, "cannot connect to \(place)")
        }
    }
}
