import NIOCore
import Recordings
import Synchronization

/// Measures the age of data: from the end of a scrape (its last byte is on the target's socket) until the collector has
/// given the same bytes to a reader.
///
/// The body itself is the marker: a read counts when it equals, byte for byte, what the target has just said. Owns one
/// connection a target while it runs.
final class AgeProbe: Sendable {
    /// A scrape that has just ended.
    private struct Scrape: Sendable {
        let body: ByteBuffer
        let end: ContinuousClock.Instant
    }

    private struct State {
        var running: [AsyncStream<Scrape>.Continuation] = []
        var task: Task<Void, Never>?
        var ages: [Duration] = []
        /// Reads that gave another body than the expected one: the question came before the data.
        var early = 0
        /// Scrapes that were not readable within `patience`, and connections that broke.
        var missed = 0
    }

    /// How long a scrape is waited for.
    private static let patience = Duration.seconds(4)

    private let file: String?
    private let loops: any EventLoopGroup
    private let state = Mutex(State())

    /// A probe that, when started, reads the pages in `file` over `loops`.
    init(file: String?, loops: any EventLoopGroup) {
        self.file = file
        self.loops = loops
    }

    /// Begins to read every target's page as soon as a scrape of it has ended.
    func start() throws {
        guard let file else { throw BenchmarkError("the age of data needs --pages") }
        let pages = try PageList(file: file)
        let streams = pages.paths.map { _ in
            AsyncStream.makeStream(of: Scrape.self, bufferingPolicy: .bufferingNewest(1))
        }
        try state.withLock { state in
            guard state.running.isEmpty else { throw BenchmarkError("the age of data is being measured already") }
            state.running = streams.map(\.continuation)
            state.task = Task {
                await withDiscardingTaskGroup { group in
                    for (path, stream) in zip(pages.paths, streams) {
                        group.addTask { await self.follow(path, at: pages.address, stream.stream) }
                    }
                }
            }
        }
    }

    /// Target `index` has said `body` just now.
    func served(_ index: Int, _ body: RenderedBody) {
        let stream = state.withLock { state in state.running.indices.contains(index) ? state.running[index] : nil }
        stream?.yield(Scrape(body: body.plain, end: .now))
    }

    /// Ends the measurement and reports it as JSON, ages in milliseconds.
    func stop() -> String {
        let result = state.withLock { state in
            let result = state
            for stream in state.running { stream.finish() }
            state.task?.cancel()
            state = State()
            return result
        }
        let sorted = result.ages.sorted()
        func milliseconds(_ quantile: Double) -> String {
            guard !sorted.isEmpty else { return "null" }
            let index = min(sorted.count - 1, Int(Double(sorted.count) * quantile))
            return "\((sorted[index] / .microseconds(1)).rounded() / 1000)"
        }
        return """
            {"observations": \(sorted.count), "p50_ms": \(milliseconds(0.5)), "p90_ms": \(milliseconds(0.9)), \
            "p99_ms": \(milliseconds(0.99)), "maximum_ms": \(milliseconds(1)), "early_reads": \(result.early), \
            "missed": \(result.missed)}
            """
    }

    private func follow(_ path: String, at address: SocketAddress, _ scrapes: AsyncStream<Scrape>) async {
        while !Task.isCancelled {
            do {
                try await PageConnection.withConnection(to: address, on: loops) { connection in
                    // Opening all connections at once is no part of what is measured.
                    let settled = ContinuousClock.now + .seconds(1)
                    for await scrape in scrapes where scrape.end > settled {
                        try await self.chase(scrape, path, &connection)
                    }
                }
                return
            } catch {
                state.withLock { $0.missed += Task.isCancelled ? 0 : 1 }
                // A collector that is gone must not make this spin.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func chase(_ scrape: Scrape, _ path: String, _ connection: inout PageConnection) async throws {
        while !Task.isCancelled {
            let page = try await connection.get(path, timeoutSeconds: 5)
            let age = ContinuousClock.now - scrape.end
            if page.status == 200, page.body == scrape.body {
                return state.withLock { $0.ages.append(age) }
            }
            guard age < Self.patience else { return state.withLock { $0.missed += 1 } }
            state.withLock { $0.early += 1 }
        }
    }
}
