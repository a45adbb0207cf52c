import NIOCore
import ScrapeCodec
import Testing

@testable import Views

/// `?at=TIME`: the scrape in force at a time.
@Suite struct TimeMachineTests {
    private let stage: HistoryStage
    private let id: TargetID
    private let protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"

    init() throws {
        stage = try HistoryStage()
        id = try stage.target()
    }

    private func at(_ time: String, accept: [String] = []) async -> PageResponse {
        let answer = await machine(time, accept)
        answer.delivery?.release()
        return answer.response
    }

    private func machine(_ time: String, _ accept: [String]) async -> FollowedAnswer {
        let read = PlainRead(id: id, reader: 1, limit: .zero, compressed: false)
        return await TimeMachine(pages: stage.pages.pages, budget: stage.budget).answer(
            TargetRequest(read: read, timestamps: false, accept: accept), at: time)
    }

    @Test func `the exact bytes of the scrape in force, with its type and time`() async throws {
        stage.scrape(id, body: "a 1\r\n\0", type: "text/x; odd")
        stage.served.clock.now += 2_500
        stage.scrape(id, body: "# EOF", type: "application/openmetrics-text")
        let first = await at("1002.499")
        #expect(first.status == 200 && String(buffer: first.body) == "a 1\r\n\0" && first.contentType == "text/x; odd")
        #expect(first.lastModified == 1_000)
        let second = await at("1970-01-01T00:16:42.5Z")
        #expect(second.status == 200 && String(buffer: second.body) == "# EOF" && second.lastModified == 1_002)
        stage.served.clock.now += 60_000
        #expect(await at("1062.5").status == 200)
    }

    @Test func `a scrape that had failed answers with its reason`() async throws {
        stage.scrape(id, 0, outcome: ScrapeOutcome(code: .connectionFailed, message: "refused"))
        stage.served.clock.now += 1_000
        stage.scrape(id, 0, outcome: ScrapeOutcome(code: .timedOut, message: "no answer"))
        let failed = await at("1000.5")
        #expect(failed.status == 502 && failed.reason == "target: refused" && failed.lastModified == 1_000)
        #expect(await at("1001").status == 504)
    }

    @Test func `outside of what is kept it says what is kept`() async throws {
        #expect(await at("1000").reason == "no scrape of this target is kept")
        stage.scrape(id, 1)
        stage.served.clock.now += 1_000
        stage.scrape(id, 2)
        let kept = "kept are those from 1970-01-01T00:16:40.000Z to 1970-01-01T00:16:41.000Z"
        let before = await at("999.999")
        #expect(before.status == 404)
        #expect(before.reason == "no scrape was in force at 1970-01-01T00:16:39.999Z; \(kept)")
        #expect(await at("1001.001").reason?.hasSuffix(kept) == true)
    }

    @Test func `times are the collector's`() async throws {
        stage.served.agent.update { $0.skew = 60_000_000 }
        stage.scrape(id, 1, ago: -60_000)
        let answer = await at("1000")
        #expect(String(buffer: answer.body) == "n 1\n" && answer.lastModified == 1_000)
        #expect(await at("999.9").status == 404)
    }

    @Test func `protobuf is for readers that take it`() async throws {
        stage.scrape(id, body: "\u{1}", type: protobuf)
        #expect(await at("1000").status == 200)
        #expect(await at("1000", accept: ["text/plain"]).status == 406)
    }

    @Test func `an unknown target is 404`() async throws {
        stage.served.store.withdraw(id)
        stage.served.clock.now += 120_000
        #expect(await at("1000").status == 404)
    }

    @Test func `a time is seconds or RFC 3339`() {
        let times: [(String, Int64?)] = [
            ("0", 0), ("1700000000", 1_700_000_000_000), ("1700000000.5", 1_700_000_000_500),
            ("1700000000.123999", 1_700_000_000_123), ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T23:13:20.250+01:00", 1_700_000_000_250), ("2023-11-14t23:13:20 01:00", 1_700_000_000_000),
            ("2023-11-14T17:43:20-04:30", 1_700_000_000_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("1970-01-01T00:00:00Z", 0), ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            ("", nil), ("-1", nil), ("1.", nil), (".5", nil), ("1e9", nil), ("1700000000 ", nil), ("+1", nil),
            ("253402300800", nil), ("9999999999999", nil), ("2023-11-14", nil), ("2023-11-14T22:13:20", nil),
            ("2023-13-14T22:13:20Z", nil), ("2023-11-14T24:13:20Z", nil), ("2023-11-14T22:13:20Zx", nil),
            ("1969-12-31T23:59:59Z", nil), ("2023-11-14T22:13:20+1:00", nil), ("now", nil),
            (String(repeating: "1", count: 100), nil),
        ]
        for (text, time) in times { #expect(TimeText.milliseconds(text) == time, "\(text)") }
    }
}
