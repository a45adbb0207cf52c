import Foundation
import HTTPClient
import NIOCore
import NIOPosix
import TLS
package import Views

/// Asks a running collector over its web port, for the command line.
package struct CollectorClient: Sendable {
    /// An http or https URL, with the collector's route prefix if it has one.
    package let url: String
    /// PEM file of the authorities that an https URL is verified with; nil for the system's.
    package let authorityFile: String?

    package init(url: String, authorityFile: String? = nil) {
        self.url = url
        self.authorityFile = authorityFile
    }

    private struct Answer<Value: Decodable>: Decodable {
        var data: Value
    }

    /// Comparing a gigabyte takes an agent about twenty seconds.
    private static let limit = TimeAmount.minutes(30)
    private static let answerLimit = 16 << 20

    /// Compares the copy of an agent's log with the log itself.
    ///
    /// - Throws: `CollectorError`.
    package func verify(agent: String) async throws -> LogVerification {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let body = try await get("\(base)/api/v1/agents/\(agent)/verify")
        do {
            return try JSONDecoder().decode(Answer<LogVerification>.self, from: Data(body.readableBytesView)).data
        } catch {
            throw CollectorError(
                message: "\(url) answers what no collector would", cure: "name the collector's web port with --url")
        }
    }

    private func get(_ target: String) async throws -> ByteBuffer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: Result<ByteBuffer, HTTPClientError>.self)
        let authorityFile = authorityFile
        let client = try? await eventLoop.submit { () throws -> NIOLoopBound<HTTPClient> in
            let means = HTTPClientMeans(eventLoop: eventLoop, budget: BodyBudget())
            let tls =
                target.hasPrefix("https:")
                ? try TLSContext(TLSContextConfiguration(role: .client, certificateAuthorityFile: authorityFile)) : nil
            let client = HTTPClient(means: means, tls: tls)
            do throws(HTTPClientError) {
                let request = try HTTPRequest(try HTTPURL(parsing: target), headers: [("Accept", "application/json")])
                client.get(
                    request, deadline: .now() + Self.limit, bodyLimit: Self.answerLimit, followRedirects: false
                ) { promise.succeed($0.map(\.body)) }
            } catch {
                promise.succeed(.failure(error))
            }
            return NIOLoopBound(client, eventLoop: eventLoop)
        }.get()
        if client == nil {
            promise.succeed(.failure(HTTPClientError(.tlsFailed, "\(authorityFile ?? "") cannot be used")))
        }
        let result = try await promise.futureResult.get()
        try? await eventLoop.submit { client?.value.close() }.get()
        try? await group.shutdownGracefully()
        switch result {
        case .success(let body): return body
        case .failure(let error):
            throw CollectorError(
                message: "the collector at \(url): \(error.message)",
                cure: error.status == 0 ? "name its web port with --url" : "see the collector's log")
        }
    }
}
