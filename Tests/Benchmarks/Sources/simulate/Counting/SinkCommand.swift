import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLS

/// `simulate sink`: a remote-write endpoint that asks for a client certificate, takes everything and keeps nothing.
struct SinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink", abstract: "Answers 204 to everything, over TLS with client certificates.",
        discussion: "GET / on its control address answers with the counters.")

    @Option(help: "PEM file with the sink's certificate.") var certificate: String
    @Option(help: "PEM file with its key.") var key: String
    @Option(help: "PEM file with the authority of its clients.") var authority: String

    /// What has arrived since start.
    private struct Counters {
        var requests = 0
        var bodyBytes = 0
    }

    func run() async throws {
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .server, certificateFile: certificate, keyFile: key, certificateAuthorityFile: authority))
        let counters = SharedCounters()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let control = try await CounterServer.bind(on: loops) { counters.report() }
        let sink = try await ServerBootstrap(group: loops)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TLSHandler(context: tls, serverName: nil))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        AnswerHandler(
                            status: .noContent,
                            onRequest: {
                                counters.state.withLock { $0.requests += 1 }
                                return ""
                            },
                            onBody: { bytes in counters.state.withLock { $0.bodyBytes += bytes } }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try await Readiness.announce(sink, control: control)
    }

    /// The counters, shared between connections.
    private final class SharedCounters: Sendable {
        let state = Mutex(Counters())

        /// The counters as JSON.
        func report() -> String {
            let now = state.withLock { $0 }
            return "{\"requests\": \(now.requests), \"body_bytes\": \(now.bodyBytes)}"
        }
    }
}
