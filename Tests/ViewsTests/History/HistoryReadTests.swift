import Logging
import NIOCore
import PrometheusInstrumentation
import Relabeling
import ScrapeCodec
import Testing

@testable import Views

/// What readers of history get, sentence by sentence.
@Suite struct HistoryReadTests {
    @Test func `the first read gives the newest scrape, later ones all since, oldest first, with their times`()
        async throws
    {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        #expect(await stage.readWell(id) == "n 2 1001000\n")
        for value in 3...5 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
        }
        let answer = await stage.read(id)
        #expect(answer.status == 200)
        #expect(answer.response.contentType == "text/plain; version=0.0.4")
        #expect(answer.text == "n 3 1002000\nn 4 1003000\nn 5 1004000\n")
    }

    @Test func `a page that was not wholly written is offered again, with what came since`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.read(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        let second = await stage.read(id)
        #expect(second.text == "n 1 1000000\nn 2 1001000\n")
        second.write(on: PageConnection(nil), whole: false)
        #expect(await stage.read(id).text == second.text)
        #expect(
            stage.samples("culvert_history_repeated_pages_total") == [
                "culvert_history_repeated_pages_total{reader=\"prom-a\"} 2"
            ])
    }

    @Test func `a page whose connection the reader closed before the next request is offered again`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        let closed = PageConnection(nil)
        await stage.read(id).write(on: closed)
        closed.end(.broken)
        let again = await stage.read(id)
        #expect(again.text == "n 1 1000000\n")
        // A connection that we closed when all had arrived is as good as an open one.
        let idle = PageConnection(nil)
        again.write(on: idle)
        idle.end(.acknowledged)
        #expect(await stage.read(id).text.isEmpty)
    }

    @Test func `a look moves nothing and shows what a read would`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        let peek = await stage.read(id, peek: true)
        peek.arrive()
        #expect(peek.text == "n 1 1000000\n")
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        #expect(await stage.readWell(id) == "n 2 1001000\n")
        stage.served.clock.now += 1_000
        stage.scrape(id, 3)
        for _ in 0..<3 { #expect(await stage.read(id, peek: true).text == "n 3 1002000\n") }
        #expect(await stage.read(id).text == "n 3 1002000\n")
        #expect(await stage.read(id, peek: true).text == "n 3 1002000\n")
    }

    @Test func `a page holds at most twenty scrapes, the next one goes on`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 0)
        _ = await stage.readWell(id)
        for value in 1...45 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
        }
        let sizes = [await stage.readWell(id), await stage.readWell(id), await stage.readWell(id)].map {
            $0.split(separator: "\n").map { Int($0.split(separator: " ")[1]) ?? 0 }
        }
        #expect(sizes == [Array(1...20), Array(21...40), Array(41...45)])
    }

    @Test func `a page holds at most four mebibytes, and one scrape whatever its size`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 0)
        _ = await stage.readWell(id)
        for size in [1 << 20, 2 << 20, 2 << 20, 5 << 20, 10] {
            stage.served.clock.now += 1_000
            stage.scrape(id, body: "n{v=\"\(String(repeating: "x", count: size))\"} 1\n")
        }
        var counts: [Int] = []
        for _ in 0..<4 {
            let page = await stage.readWell(id)
            counts.append(page.split(separator: "\n").count)
            #expect(page.utf8.count <= 4 << 20 || counts.last == 1)
        }
        #expect(counts == [2, 1, 1, 1])
    }

    @Test func `scrapes older than max_age are passed over and counted`() async throws {
        let stage = try HistoryStage([HistoryReader(name: "prom-a", maxAge: 10_000)])
        let id = try stage.target()
        stage.scrape(id, 0)
        _ = await stage.readWell(id)
        for value in 1...30 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
        }
        let page = await stage.readWell(id)
        #expect(page.hasPrefix("n 20 1020000\n") && page.hasSuffix("n 30 1030000\n"))
        _ = await stage.read(id)
        #expect(
            stage.samples("culvert_history_skipped_total{reader=\"prom-a\",reason=\"max_age\"}") == [
                "culvert_history_skipped_total{reader=\"prom-a\",reason=\"max_age\"} 19"
            ])
        #expect(stage.samples("culvert_history_scrapes_total").first?.hasSuffix(" 12") == true)
    }

    @Test func `a scrape that Prometheus would refuse is left out and counted, the others stay`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 0)
        _ = await stage.readWell(id)
        for body in ["n 1\n", "n{ 2\n", "n 3\n"] {
            stage.served.clock.now += 1_000
            stage.scrape(id, body: body)
        }
        #expect(await stage.readWell(id) == "n 1 1001000\nn 3 1003000\n")
        stage.served.clock.now += 1_000
        stage.scrape(id, body: "n{ 4\n")
        // Nothing but what would be refused: as honest as a plain read, whose reader refuses it.
        for _ in 0..<2 { #expect(await stage.read(id).status == 502) }
        #expect(stage.samples("culvert_history_rejected_total").first?.hasSuffix(" 2") == true)
        stage.served.clock.now += 1_000
        stage.scrape(id, 5)
        #expect(await stage.readWell(id) == "n 5 1005000\n")
    }

    @Test func `quoted names are for a reader that says it takes them`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, body: "{\"a.b\"} 1\n")
        let two = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        #expect(await stage.read(id, peek: true, accept: [two]).status == 502)
        let three = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6"
        #expect(await stage.read(id, peek: true, accept: [three]).text == "{\"a.b\"} 1 1000000\n")
    }

    @Test func `failed scrapes and vanished series are simply absent`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, body: "a 1\nb 1\n")
        _ = await stage.readWell(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 0, outcome: ScrapeOutcome(code: .timedOut, message: "no answer"))
        stage.served.clock.now += 1_000
        stage.scrape(id, body: "a 3\n")
        #expect(await stage.readWell(id) == "a 3 1002000\n")
    }

    @Test func `when a target's type changes, the page ends before`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        let openMetrics = "application/openmetrics-text; version=1.0.0"
        stage.scrape(id, 0)
        _ = await stage.readWell(id)
        for (body, type) in [("n 1\n", "text/plain"), ("n 2\n# EOF\n", openMetrics), ("n 3\n# EOF\n", openMetrics)] {
            stage.served.clock.now += 1_000
            stage.scrape(id, body: body, type: type)
        }
        #expect(await stage.readWell(id) == "n 1 1001000\n")
        let second = await stage.read(id)
        #expect(second.response.contentType == openMetrics)
        #expect(second.text == "n 2 1002.000\nn 3 1003.000\n# EOF\n")
    }

    @Test func `a type that no Prometheus knows is sent as the text it was read as`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, body: "n 1\n", type: "")
        let answer = await stage.read(id)
        #expect(answer.text == "n 1 1000000\n")
        #expect(answer.response.contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test func `protobuf cannot be on a page of text: skipped, counted, and 406 for a target that has nothing else`()
        async throws
    {
        let stage = try HistoryStage()
        let id = try stage.target()
        let protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        stage.scrape(id, body: "\u{1}", type: protobuf)
        for _ in 0..<2 { #expect(await stage.read(id).status == 406) }
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        #expect(await stage.readWell(id) == "n 2 1001000\n")
        #expect(
            stage.samples("culvert_history_skipped_total{reader=\"prom-a\",reason=\"protobuf\"}") == [
                "culvert_history_skipped_total{reader=\"prom-a\",reason=\"protobuf\"} 1"
            ])
    }

    @Test func `an unknown reader is told the lines that declare it`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        let answer = await stage.read(id, "prom-b")
        #expect(answer.status == 404)
        #expect(answer.text.contains("history:\n  readers:\n    - name: prom-b\n"))
        #expect(await stage.read(id, "x\"\r\n: y").text.contains("- name: prom-a\n"))
        stage.history.reload([HistoryReader(name: "prom-b")])
        #expect(await stage.read(id, "prom-b").status == 200)
        #expect(await stage.read(id, "prom-a").status == 404)
    }

    // MARK: Who reads

    @Test func `with key address every address has a cursor of its own`() async throws {
        let stage = try HistoryStage([HistoryReader(name: "pair", isKeyedByAddress: true)])
        let id = try stage.target()
        stage.scrape(id, 1)
        for address in ["10.0.0.1", "10.0.0.2"] {
            #expect(await stage.readWell(id, "pair", address: address) == "n 1 1000000\n")
        }
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        for address in ["10.0.0.1", "10.0.0.2"] {
            #expect(await stage.readWell(id, "pair", address: address) == "n 2 1001000\n")
        }
    }

    @Test func `of more than 64 addresses the longest silent goes`() async throws {
        let stage = try HistoryStage([HistoryReader(name: "pair", isKeyedByAddress: true)])
        let id = try stage.target()
        stage.scrape(id, 1)
        for number in 0..<65 {
            stage.served.clock.now += 1
            _ = await stage.readWell(id, "pair", address: "10.0.1.\(number)")
        }
        let addresses = stage.history.overviews.map(\.key)
        #expect(addresses.count == 64 && !addresses.contains("10.0.1.0"))
    }

    @Test func `a name that two addresses use in turns is refused, one that moves is not`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        #expect(await stage.read(id, address: "10.0.0.1").status == 200)
        #expect(await stage.read(id, address: "10.0.0.2").status == 200)
        let refused = await stage.read(id, address: "10.0.0.1")
        #expect(refused.status == 409)
        #expect(refused.text.contains("10.0.0.2") && refused.text.contains("key: address"))
        #expect(await stage.read(id, address: "10.0.0.2").status == 200)
        #expect(await stage.read(id, peek: true, address: "10.0.0.3").status == 200)
        #expect(stage.samples("culvert_history_conflicts_total").first?.hasSuffix(" 1") == true)
        stage.served.clock.now += AddressWatch.window
        stage.scrape(id, 2)
        #expect(await stage.read(id, address: "10.0.0.1").status == 200)
    }

    // MARK: Status

    @Test func `nothing new from a target that is well is an empty page`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        let answer = await stage.read(id)
        #expect(answer.status == 200 && answer.text.isEmpty)
    }

    @Test func `a target that is down or a tunnel that is down reads as on a plain read, once nothing is unread`()
        async throws
    {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        stage.served.clock.now += 1_000
        stage.scrape(id, 0, outcome: ScrapeOutcome(code: .connectionFailed, message: "refused"))
        #expect(await stage.readWell(id) == "n 2 1001000\n")
        let failed = await stage.read(id)
        #expect(failed.status == 502 && failed.response.reason == "target: refused")
        stage.served.clock.now += 1_000
        stage.scrape(id, 0, outcome: ScrapeOutcome(code: .timedOut, message: "no answer"))
        #expect(await stage.read(id).status == 504)
        // The tunnel is cut; what arrived before is given all the same.
        stage.served.clock.now += 1_000
        stage.scrape(id, 5)
        stage.served.clock.now += 60_000
        #expect(await stage.readWell(id) == "n 5 1004000\n")
        let cut = await stage.read(id)
        #expect(cut.status == 503 && cut.response.reason?.contains("not connected") == true)
    }

    @Test func `a withdrawn target gives what is unread, then empty pages, then 404`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        stage.served.store.withdraw(id)
        #expect(await stage.readWell(id) == "n 2 1001000\n")
        let empty = await stage.read(id)
        #expect(empty.status == 200 && empty.text.isEmpty)
        stage.served.clock.now += 120_000
        #expect(await stage.read(id).status == 404)
    }

    @Test func `what may still come is waited for, so that nothing is out of order`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2, missing: true)
        stage.served.clock.now += 1_000
        stage.scrape(id, 3)
        #expect(await stage.readWell(id).isEmpty)
        stage.source.fill(id)
        #expect(await stage.readWell(id) == "n 2 1001000\nn 3 1002000\n")
    }

    @Test func `a new life of the agent's log goes on where the old one ended`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        stage.source.beginEpoch(3)
        stage.served.clock.now += 1_000
        stage.scrape(id, 3)
        #expect(await stage.readWell(id) == "n 2 1001000\nn 3 1002000\n")
        #expect(await stage.readWell(id).isEmpty)
    }

    @Test func `a history that cannot be read is 503, and nothing is lost`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        stage.source.fail(true)
        #expect(await stage.read(id).status == 503)
        stage.source.fail(false)
        #expect(await stage.readWell(id) == "n 1 1000000\n")
    }

    // MARK: Times

    @Test func `times are shifted by a skew of more than five seconds`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.served.agent.update { $0.skew = 60_000_000 }
        stage.scrape(id, 1, ago: -60_000)
        #expect(await stage.readWell(id) == "n 1 1000000\n")
        // An estimate that moves a little gives no scrape another time.
        stage.served.agent.update { $0.skew = 60_400_000 }
        stage.served.clock.now += 1_000
        stage.scrape(id, 2, ago: -60_000)
        #expect(await stage.read(id).text == "n 2 1001000\n")
        stage.served.agent.update { $0.skew = 59_700_000 }
        #expect(await stage.read(id).text == "n 2 1001000\n")
    }

    @Test func `a scrape of an agent whose clock is a little ahead is given when its time has come`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.served.agent.update { $0.skew = 3_000_000 }
        stage.scrape(id, 1, ago: -3_000)
        #expect(await stage.readWell(id).isEmpty)
        for value in 2...5 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value, ago: -3_000)
        }
        #expect(await stage.readWell(id) == "n 1 1003000\nn 2 1004000\n")
    }

    @Test func `no time after now is given, whatever an agent's clock says, and none twice`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1, ago: -3_600_000)
        #expect(await stage.readWell(id) == "n 1 1000000\n")
        for value in 2...4 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value, ago: -3_600_000)
        }
        let times = await stage.readWell(id).split(separator: "\n").compactMap { Int64($0.split(separator: " ")[2]) }
        #expect(times == times.sorted() && Set(times).count == times.count)
        #expect(times.allSatisfy { $0 > 1_000_000 && $0 <= stage.now })
    }

    // MARK: Waiting

    @Test func `a read waits for the scrape under way, as a plain read does`() async throws {
        let stage = try HistoryStage()
        let id = try stage.served.target("slow", interval: 60_000, timeout: 60_000)
        stage.scrape(id, 1, ago: 60_100)
        async let answer = stage.read(id, patience: .seconds(60))
        try await eventually("the read waits") { stage.served.store.hasWaiters(id) }
        stage.scrape(id, 2)
        #expect(await answer.text == "n 2 1000000\n")
    }

    @Test func `a whole page is not kept waiting`() async throws {
        let stage = try HistoryStage()
        let id = try stage.served.target("slow", interval: 60_000, timeout: 60_000)
        stage.scrape(id, 0, ago: 60_100)
        _ = await stage.readWell(id)
        for value in 1...20 { stage.scrape(id, value, ago: 60_100 - Int64(value)) }
        let page = await stage.read(id, patience: .seconds(60))
        #expect(page.text.split(separator: "\n").count == 20)
    }

    @Test func `while replicas are loaded a read waits as long as its reader allows`() async throws {
        let clock = TestClock(1_000_000)
        let store = TargetStore(clock: { clock.moment })
        let agent = store.agent("vpc-a", isConfigured: false, stamps: Labels([]))
        let history = try History(
            store: store, readers: [HistoryReader(name: "prom-a")], directory: nil, registry: MetricsRegistry(),
            logger: Logger(label: "test"))
        let pages = HistoryPages(
            history: history,
            pages: TargetPages(configuration: WebConfiguration(host: "127.0.0.1", port: 0), store: store),
            budget: PageBudget())
        let description = TargetDescription(
            labels: Labels([("job", "node")]), jobName: "node", url: "http://a/metrics", address: "a", interval: 1_000,
            timeout: 1_000, honorLabels: false)
        let id = TargetID(agent: "vpc-a", target: description)
        @Sendable func read(_ limit: Duration) async -> FollowedAnswer {
            let plain = PlainRead(id: id, reader: 1, limit: limit, compressed: false)
            return await pages.answer(
                .init(
                    target: id, name: "prom-a", isPeek: false, reader: Reader(address: nil),
                    plain: TargetRequest(read: plain, timestamps: false, accept: [])))
        }
        #expect(await read(.milliseconds(20)).status == 503)
        async let late = read(.seconds(60))
        async let plain = store.read(id, reader: 1, limit: .seconds(60), compressed: false)
        let source = FakeHistory()
        source.add(id, at: 1_000_000, "n 1\n")
        agent.keepHistory(in: source)
        _ = store.announce(description, of: agent)
        store.loaded()
        #expect(await late.text == "n 1 1000000\n")
        guard case .unavailable(503, let reason) = await plain else { Issue.record("no scrape, no body"); return }
        #expect(reason.contains("not scraped"))
    }

    // MARK: Bounds

    @Test func `checkpoints are bounded, and those used the longest time ago go`() async throws {
        let stage = try HistoryStage()
        stage.source.keepCheckpoints(of: 100_000)
        let ids = try (0..<30).map { try stage.target("t\($0)") }
        for id in ids {
            stage.scrape(id, 1)
            _ = await stage.readWell(id)
        }
        #expect(stage.history.checkpointBytes <= 1 << 20)
        #expect(stage.history.checkpointBytes > 800_000)
        #expect(stage.samples("culvert_history_checkpoint_bytes").count == 1)
        _ = await stage.read(try #require(ids.last))
        #expect(stage.source.readsWithCheckpoint == 1)
        _ = await stage.read(ids[0])
        #expect(stage.source.readsWithCheckpoint == 1)
    }

    @Test func `retention learns what readers have not read`() async throws {
        let stage = try HistoryStage([
            HistoryReader(name: "prom-a"), HistoryReader(name: "prom-b", maxAge: 10_000),
        ])
        let id = try stage.target()
        #expect(stage.history.oldestUnread(agent: "vpc-a") == nil)
        stage.scrape(id, 1)
        for name in ["prom-a", "prom-b"] { _ = await stage.readWell(id, name) }
        for value in 2...30 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
        }
        _ = await stage.readWell(id, "prom-a")
        let floor = try #require(stage.history.oldestUnread(agent: "vpc-a"))
        // One has confirmed the first scrape; the other has not, and wants nothing older than ten seconds.
        #expect(floor.epoch == 7 && floor.time == 1_000_000)
        #expect(stage.history.cursors(agent: "vpc-a").map(\.cursor.time).sorted() == [1_000_000, 1_019_000])
        #expect(stage.history.oldestUnread(agent: "other") == nil)
        stage.history.deleted(3, unreadBy: "prom-b")
        #expect(
            stage.samples("culvert_history_skipped_total{reader=\"prom-b\",reason=\"deleted\"}") == [
                "culvert_history_skipped_total{reader=\"prom-b\",reason=\"deleted\"} 3"
            ])
    }
}
