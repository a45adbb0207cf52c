import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// `simulate targets`: a fleet of targets on one port, `/t/0/metrics` to `/t/N-1/metrics`.
struct TargetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "targets", abstract: "Serves simulated targets on one port.")

    @Option(help: "How many targets.") var targets = 200
    @Option(help: "Serve the recordings in this folder instead of synthetic bodies.") var recorded: String?
    @Option(help: "Samples of a synthetic target.") var series = 1500
    @Option(help: "Share of synthetic values that move at a scrape.") var moving = 0.32
    @Option(help: "For /control/age: a file with the collector's host:port, then each target's path, one a line.")
    var pages: String?

    func validate() throws {
        guard targets > 0, series > 0 else { throw ValidationError("at least one target and one series are needed") }
        guard (0...0.8).contains(moving) else { throw ValidationError("--moving is a share between 0 and 0.8") }
    }

    func run() async throws {
        let compressor = try GzipCompressor()
        let made: [SimulatedTarget]
        if let recorded {
            let exporters = try RenderedRecordings(folder: recorded, compressor: compressor).exporters
            made = try (0..<targets).map { index in
                // Targets of one exporter begin at different places, or all would say the same.
                let round = index / exporters.count
                return try SimulatedTarget(
                    RecordedBodies(bodies: exporters[index % exporters.count], start: round * 7))
            }
        } else {
            let layout = SyntheticLayout(samples: series)
            made = try (0..<targets).map { index in
                try SimulatedTarget(
                    SyntheticBodies(number: index, layout: layout, moving: moving, compressor: compressor))
            }
        }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let fleet = Fleet(targets: made, threads: threads, probe: AgeProbe(file: pages, loops: loops))
        let channel = try await ServerBootstrap(group: loops)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(FleetHandler(fleet: fleet))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try await Readiness.announce(channel)
    }
}
