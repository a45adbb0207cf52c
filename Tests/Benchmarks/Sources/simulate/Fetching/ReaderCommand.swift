import ArgumentParser
import NIOCore
import NIOPosix

/// `simulate reader`: reads every target's page of a collector at an interval, spread evenly, as a Prometheus does but
/// without the cost of storing what it reads.
struct ReaderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reader", abstract: "Reads every target's page of a collector at an interval.")

    @Option(help: "A file with the collector's host:port, then each target's path, one a line.") var pages: String
    @Option(help: "Seconds between two reads of a target.") var interval = 5.0

    func run() async throws {
        let pages = try PageList(file: pages)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        print("{}")
        let begin = ContinuousClock.now
        let interval = Duration.seconds(interval)
        await withDiscardingTaskGroup { group in
            for (index, path) in pages.paths.enumerated() {
                let offset = interval * (Double(index) / Double(pages.paths.count))
                group.addTask {
                    await Self.read(path, at: pages.address, on: loops, from: begin + offset, every: interval)
                }
            }
        }
    }

    private static func read(
        _ path: String, at address: SocketAddress, on loops: any EventLoopGroup,
        from begin: ContinuousClock.Instant, every interval: Duration
    ) async {
        var due = begin
        while !Task.isCancelled {
            do {
                try await PageConnection.withConnection(to: address, on: loops) { connection in
                    while true {
                        try await Task.sleep(until: due, clock: .continuous)
                        due += interval
                        _ = try await connection.get(path, timeoutSeconds: 5)
                    }
                }
            } catch {
                // The next read is due later: a collector that is gone does not make this spin.
                due = max(due, .now)
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
