import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// `simulate relay`: passes TCP connections on and counts every byte in both directions, whatever is inside.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Passes TCP connections on and counts their bytes.",
        discussion: "GET / on its control address answers with the counters.")

    @Option(help: "Where connections go, 127.0.0.1's port.") var port: Int

    func run() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let upstream = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let counters = RelayCounters()
        let control = try await CounterServer.bind(on: loops) { counters.report() }
        let relay = try await ServerBootstrap(group: loops)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { downstream in
                counters.connected()
                return ClientBootstrap(group: downstream.eventLoop)
                    .channelOption(.socketOption(.tcp_nodelay), value: 1)
                    .channelOption(.autoRead, value: false)
                    .connect(to: upstream)
                    .flatMapThrowing { upstream in
                        try RelayHandler.join(downstream, upstream, counters)
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try await Readiness.announce(relay, control: control)
    }
}
