import NIOCore
import NIOHTTP1
import NIOPosix

/// A control address: answers every request with a report.
enum CounterServer {
    /// Listens on a free port of 127.0.0.1 and returns it.
    static func bind(on loops: any EventLoopGroup, report: @escaping @Sendable () -> String) async throws -> Int {
        let channel = try await ServerBootstrap(group: loops)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        AnswerHandler(status: .ok, onRequest: { report() }, onBody: { _ in }))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return channel.localAddress?.port ?? 0
    }
}
