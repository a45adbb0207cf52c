import Logging
import NIOCore
import PrometheusInstrumentation
import ScrapeCodec
import Testing

@testable import Views

/// A store whose agent keeps a history, and readers of it.
struct HistoryStage {
    let served = ServedStore()
    let source = FakeHistory()
    let registry = MetricsRegistry()
    let history: History
    let pages: HistoryPages
    let budget = PageBudget()

    init(
        _ readers: [HistoryReader] = [HistoryReader(name: "prom-a")], directory: String? = nil
    ) throws {
        history = try History(
            store: served.store, readers: readers, directory: directory, registry: registry,
            logger: Logger(label: "test"))
        served.agent.keepHistory(in: source)
        pages = HistoryPages(
            history: history,
            pages: TargetPages(configuration: WebConfiguration(host: "127.0.0.1", port: 0), store: served.store),
            budget: budget)
    }

    var now: Int64 { served.clock.now }

    /// A target that is scraped every second.
    func target(_ instance: String = "one") throws -> TargetID {
        try served.target(instance, interval: 1_000, timeout: 1_000)
    }

    /// A scrape of `n VALUE` arrives, started `ago` milliseconds ago.
    func scrape(
        _ id: TargetID, _ value: Int, ago: Int64 = 0, outcome: ScrapeOutcome = .success, missing: Bool = false
    ) {
        scrape(id, body: outcome.isSuccess ? "n \(value)\n" : "", ago: ago, outcome: outcome, missing: missing)
    }

    func scrape(
        _ id: TargetID, body: String, type: String = "text/plain; version=0.0.4", ago: Int64 = 0,
        outcome: ScrapeOutcome = .success, missing: Bool = false
    ) {
        source.add(id, at: now - ago, body, contentType: type, outcome: outcome, isMissing: missing)
        served.scrape(id, body, ago: ago, contentType: type, outcome: outcome)
    }

    /// One read without a server. Its page is not written to anybody until `arrive` is called with the delivery.
    func read(
        _ id: TargetID, _ name: String = "prom-a", peek: Bool = false, address: String = "10.0.0.1",
        accept: [String] = ["*/*"], patience: Duration = .zero
    ) async -> FollowedAnswer {
        let reader = Reader(address: try? SocketAddress(ipAddress: address, port: 1))
        let read = PlainRead(id: id, reader: 1, limit: patience, compressed: false)
        return await pages.answer(
            .init(
                target: id, name: name, isPeek: peek, reader: reader,
                plain: TargetRequest(read: read, timestamps: false, accept: accept)))
    }

    /// A read whose page arrives.
    func readWell(_ id: TargetID, _ name: String = "prom-a", address: String = "10.0.0.1") async -> String {
        let answer = await read(id, name, address: address)
        answer.arrive()
        return answer.text
    }

    func samples(_ family: String) -> [String] {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(family) }
    }
}

extension FollowedAnswer {
    var status: Int { response.status }
    var text: String { String(buffer: response.body) }

    /// The page is written, and its connection stays open.
    func arrive() {
        delivery?.begin(on: PageConnection(nil))
        delivery?.written()
    }

    /// The page is written to a connection, or the beginning of it.
    func write(on connection: PageConnection, whole: Bool = true) {
        delivery?.begin(on: connection)
        if whole { delivery?.written() }
    }
}
