import NIOCore
import NIOPosix
import TLS

@testable import HTTPClient

/// A client on an event loop of its own, called from a test.
final class ClientFixture: Sendable {
    let loop: any EventLoop
    private let client: NIOLoopBoundBox<HTTPClient?>
    private let budget: NIOLoopBoundBox<BodyBudget?>
    private let means: NIOLoopBoundBox<HTTPClientMeans?>

    init(
        capacity: Int = BodyBudget.defaultCapacity, settings: HTTPClientSettings = HTTPClientSettings(),
        tls: TLSContext? = nil, serverName: String? = nil
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        client = .makeEmptyBox(eventLoop: loop)
        budget = .makeEmptyBox(eventLoop: loop)
        means = .makeEmptyBox(eventLoop: loop)
        let (client, budget, means) = (client, budget, means)
        try await loop.submit {
            let made = BodyBudget(capacity: capacity)
            budget.value = made
            let shared = HTTPClientMeans(eventLoop: loop, budget: made)
            means.value = shared
            client.value = HTTPClient(means: shared, tls: tls, serverName: serverName, settings: settings)
        }.get()
    }

    /// Another client on the same loop with the same budget.
    init(sharing other: ClientFixture) async throws {
        loop = other.loop
        client = .makeEmptyBox(eventLoop: loop)
        budget = other.budget
        means = other.means
        let (client, means) = (client, means)
        try await loop.submit {
            guard let shared = means.value else { return }
            client.value = HTTPClient(means: shared, tls: nil)
        }.get()
    }

    func get(
        _ url: String, headers: [(String, String)] = [], timeout: TimeAmount = .seconds(10), limit: Int = 0,
        redirects: Bool = true, isDiscovered: Bool = false
    ) async throws -> HTTPClientResponse {
        let request = try HTTPRequest(try HTTPURL(parsing: url), headers: headers, isDiscovered: isDiscovered)
        return try await loop.flatSubmit { [client, loop] in
            guard let client = client.value else { return loop.makeFailedFuture(ChannelError.alreadyClosed) }
            let promise = loop.makePromise(of: HTTPClientResponse.self)
            client.get(
                request, deadline: .now() + timeout, bodyLimit: limit, followRedirects: redirects
            ) { promise.completeWith($0.mapError { $0 as any Error }) }
            return promise.futureResult
        }.get()
    }

    /// The error of a request that must fail.
    func failure(
        _ url: String, headers: [(String, String)] = [], timeout: TimeAmount = .seconds(10), limit: Int = 0,
        redirects: Bool = true, isDiscovered: Bool = false
    ) async throws -> HTTPClientError {
        do {
            let response = try await get(
                url, headers: headers, timeout: timeout, limit: limit, redirects: redirects,
                isDiscovered: isDiscovered)
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

    /// Connections made so far.
    func connectionsMade() async throws -> UInt64 {
        try await loop.submit { [client] in client.value?.connectionsMade ?? 0 }.get()
    }

    func replaceSettings(_ settings: HTTPClientSettings) async throws {
        try await loop.submit { [client] in client.value?.replaceSettings(settings) }.get()
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
