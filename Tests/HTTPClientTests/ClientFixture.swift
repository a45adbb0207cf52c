import NIOCore
import NIOPosix
import TLS

@testable import HTTPClient

/// A client on an event loop of its own, called from a test.
final class ClientFixture: Sendable {
    let loop: any EventLoop
    private let client: NIOLoopBoundBox<HTTPClient?>
    private let budget: NIOLoopBoundBox<BodyBudget?>

    init(
        capacity: Int = BodyBudget.defaultCapacity, settings: HTTPClientSettings = HTTPClientSettings(),
        tls: TLSContext? = nil, serverName: String? = nil
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        client = .makeEmptyBox(eventLoop: loop)
        budget = .makeEmptyBox(eventLoop: loop)
        let (client, budget) = (client, budget)
        try await loop.submit {
            let made = BodyBudget(capacity: capacity)
            budget.value = made
            client.value = HTTPClient(
                eventLoop: loop, tls: tls, serverName: serverName, budget: made, settings: settings)
        }.get()
    }

    /// Another client on the same loop with the same budget.
    init(sharing other: ClientFixture) async throws {
        loop = other.loop
        client = .makeEmptyBox(eventLoop: loop)
        budget = other.budget
        let (loop, client, budget) = (loop, client, budget)
        try await loop.submit {
            guard let shared = budget.value else { return }
            client.value = HTTPClient(eventLoop: loop, tls: nil, budget: shared)
        }.get()
    }

    func get(
        _ url: String, headers: [(String, String)] = [], timeout: TimeAmount = .seconds(10), limit: Int = 0,
        redirects: Bool = true
    ) async throws -> HTTPClientResponse {
        let url = try HTTPURL(parsing: url)
        return try await loop.flatSubmit { [client, loop] in
            guard let client = client.value else { return loop.makeFailedFuture(ChannelError.alreadyClosed) }
            return client.get(
                url, headers: headers, deadline: .now() + timeout, bodyLimit: limit, followRedirects: redirects)
        }.get()
    }

    /// The error of a request that must fail.
    func failure(
        _ url: String, headers: [(String, String)] = [], timeout: TimeAmount = .seconds(10), limit: Int = 0,
        redirects: Bool = true
    ) async throws -> HTTPClientError {
        do {
            let response = try await get(url, headers: headers, timeout: timeout, limit: limit, redirects: redirects)
            throw UnexpectedSuccess(bytes: response.body.readableBytes)
        } catch let error as HTTPClientError {
            return error
        }
    }

    struct UnexpectedSuccess: Error {
        let bytes: Int
    }

    func withBudget<Value: Sendable>(_ body: @escaping @Sendable (BodyBudget) -> Value) async throws -> Value? {
        try await loop.submit { [budget] in budget.value.map(body) }.get()
    }

    func replaceTLS(_ tls: TLSContext?) async throws {
        try await loop.submit { [client] in client.value?.replaceTLS(tls) }.get()
    }

    func close() async throws {
        try await loop.submit { [client] in client.value?.close() }.get()
    }
}

extension ByteBuffer {
    /// The readable bytes.
    var bytes: [UInt8] { Array(readableBytesView) }
}
