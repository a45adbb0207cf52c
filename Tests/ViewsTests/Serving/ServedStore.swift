import Logging
import NIOCore
import NIOPosix
import PrometheusInstrumentation
import Relabeling
import ScrapeCodec
import ServiceLifecycle
import Testing

@testable import Views

/// A store with one agent, filled by tests, and web servers over it on ports of their own.
struct ServedStore {
    let clock = TestClock(1_000_000)
    let store: TargetStore
    let agent: AgentState

    init(isLoaded: Bool = true) {
        let clock = clock
        store = TargetStore(clock: { clock.moment })
        agent = store.agent("vpc-a", isConfigured: false, stamps: Labels([("agent", "vpc-a")]))
        if isLoaded { store.loaded() }
    }

    /// Announces a target; its interval and timeout are in milliseconds.
    func target(_ instance: String, interval: Int64 = 5_000, timeout: Int64 = 3_000) throws -> TargetID {
        let description = TargetDescription(
            labels: Labels([("job", "node"), ("instance", instance)]), jobName: "node",
            url: "http://\(instance)/metrics", address: instance, interval: interval, timeout: timeout,
            honorLabels: false)
        return try #require(store.announce(description, of: agent))
    }

    /// A scrape arrives, scheduled at the clock's time or `ago` milliseconds before.
    func scrape(
        _ id: TargetID, _ body: String = "", ago: Int64 = 0, contentType: String = "text/plain; version=0.0.4",
        outcome: ScrapeOutcome = .success
    ) {
        let time = clock.now - ago
        store.scraped(
            id,
            StoredScrape(
                record: ScrapeRecord(
                    scheduled: time, timestamp: time, duration: 1_000, outcome: outcome, contentType: contentType,
                    body: ByteBuffer()), bodyBytes: body.utf8.count, arrived: time,
                rendering: ScrapeRendering { ByteBuffer(string: body) }))
    }

    /// A target with a scrape of one sample.
    func scraped(_ instance: String, _ body: String) throws -> TargetID {
        let id = try target(instance)
        scrape(id, body)
        return id
    }

    /// A target whose reads wait for the next scrape, up to a minute: the one at hand is a minute old.
    func waiting(_ instance: String, _ body: String) throws -> TargetID {
        let id = try target(instance, interval: 60_000, timeout: 60_000)
        scrape(id, body, ago: 60_100)
        return id
    }

    func configuration(fast: Bool = true, _ change: (inout WebConfiguration) -> Void = { _ in }) -> WebConfiguration {
        var configuration = WebConfiguration(host: "127.0.0.1", port: 0)
        configuration.usesFastPath = fast
        change(&configuration)
        return configuration
    }

    /// Runs a server as long as `body` does.
    func serve(
        _ configuration: WebConfiguration, history: History? = nil, registry: MetricsRegistry = MetricsRegistry(),
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = WebServer(
            configuration: configuration, store: store, registry: registry, logger: Logger(label: "test"),
            group: MultiThreadedEventLoopGroup.singleton, history: history, reload: {}, onListening: { port.yield($0) })
        let services = ServiceGroup(services: [server], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let running = RunningServer(
                port: try #require(await iterator.next()), registry: registry, services: services)
            let result = await Result { try await body(running) }
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }
}

/// A web server that listens.
struct RunningServer {
    let port: Int
    let registry: MetricsRegistry
    fileprivate let services: ServiceGroup

    /// The samples of one family, as the page has them.
    func samples(_ family: String) -> [String] {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(family) }
    }

    func shutDown() async { await services.triggerGracefulShutdown() }

    /// How many answers have been decided on.
    var answered: Double {
        samples("culvert_http_requests_total").compactMap { $0.split(separator: " ").last }.compactMap { Double($0) }
            .reduce(0, +)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
