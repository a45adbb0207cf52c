import NIOCore
import Relabeling
import ScrapeCodec
import Testing

@testable import Views

@Suite struct PageTests {
    private let store = TargetStore(clock: { Moment(wall: 1_000_000, steady: 1_000_000) })

    private func announce(_ labels: [(String, String)], agent: AgentState, honorLabels: Bool = false) throws -> TargetID
    {
        try #require(
            store.announce(
                TargetDescription(
                    labels: Labels(labels), jobName: "node", url: "http://10.0.0.1:9100/metrics",
                    address: "10.0.0.1:9100",
                    interval: 90_000, timeout: 1_500, honorLabels: honorLabels), of: agent))
    }

    private func sd(_ filter: ServiceDiscoveryPage.Filter = .init()) -> String {
        let page = ServiceDiscoveryPage(address: "collector:9480", scheme: "http", pathPrefix: "/x")
        return String(decoding: page.render(store, filter: filter), as: UTF8.self)
    }

    @Test func `a target is listed with its labels, its stamps and where to read it`() throws {
        let agent = store.agent("a", isConfigured: true, stamps: Labels([("agent", "a"), ("vpc", "eu")]))
        let id = try announce([("job", "node"), ("instance", "i"), ("vpc", "own")], agent: agent)
        let text = sd()
        #expect(text.contains(#""targets":["collector:9480"]"#))
        #expect(text.contains(#""__metrics_path__":"/x/targets/\#(id)/metrics""#))
        #expect(text.contains(#""exported_vpc":"own""#))
        #expect(text.contains(#""vpc":"eu""#))
        #expect(text.contains(#""__scrape_interval__":"1m30s""#))
        #expect(text.contains(#""__scrape_timeout__":"1s500ms""#))
        #expect(text.contains(#""job":"culvert_agent""#))
    }

    @Test func `filters select by agent, job and honor_labels`() throws {
        let a = store.agent("a", isConfigured: true, stamps: Labels([("agent", "a")]))
        let b = store.agent("b", isConfigured: true, stamps: Labels([("agent", "b")]))
        _ = try announce([("job", "node"), ("instance", "one")], agent: a)
        _ = try announce([("job", "push"), ("instance", "two")], agent: b, honorLabels: true)
        #expect(sd(.init(agent: "a")).contains("\"one\"") && !sd(.init(agent: "a")).contains("\"two\""))
        #expect(
            sd(.init(job: "push")).contains("\"two\"") && !sd(.init(job: "push")).contains("\"job\":\"culvert_agent\""))
        #expect(sd(.init(honorLabels: true)).contains("\"two\"") && !sd(.init(honorLabels: true)).contains("\"one\""))
        #expect(!sd(.init(honorLabels: false)).contains("\"two\""))
    }

    @Test func `what a target calls itself cannot break out of its JSON string`() throws {
        let agent = store.agent("a", isConfigured: true, stamps: Labels([]))
        _ = try announce([("job", "x\"},{\"targets\":[\"evil"), ("instance", "new\nline\u{1}\\")], agent: agent)
        let text = sd(.init(job: "x\"},{\"targets\":[\"evil"))
        #expect(text.contains(#"x\"},{\"targets\":[\"evil"#))
        #expect(text.contains(#"new\nline\u0001\\"#))
        #expect(text.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test(arguments: [
        (Int64(15_000), "15s"), (60_000, "1m"), (5_400_000, "1h30m"), (500, "500ms"), (1_500, "1s500ms"),
        (86_400_000, "1d"), (604_800_000, "1w"), (0, "0s"),
    ])
    func `durations are written as Prometheus reads them`(milliseconds: Int64, text: String) {
        #expect(DurationText.prometheus(milliseconds: milliseconds) == text)
    }

    @Test func `times are RFC 3339`() {
        #expect(TimeText.rfc3339(milliseconds: 1_795_391_735_744) == "2026-11-22T23:55:35.744Z")
        #expect(TimeText.rfc3339(milliseconds: nil) == "0001-01-01T00:00:00Z")
        #expect(TimeText.rfc3339(milliseconds: .max) != "")
    }

    @Test func `gzip is for readers that list it`() {
        #expect(Negotiation.acceptsGzip(["gzip"]))
        #expect(Negotiation.acceptsGzip(["deflate, gzip;q=0.5"]))
        #expect(!Negotiation.acceptsGzip(["gzip;q=0"]))
        #expect(!Negotiation.acceptsGzip([]))
    }

    @Test func `protobuf is for readers that take it`() {
        #expect(Negotiation.accepts([], protobuf: true))
        #expect(
            Negotiation.accepts(
                ["application/vnd.google.protobuf;proto=x;encoding=delimited;q=0.6,*/*;q=0.1"], protobuf: true))
        #expect(!Negotiation.accepts(["text/plain;version=0.0.4;q=1,*/*;q=0.1"], protobuf: true))
    }

    @Test func `reason phrases are one line of ASCII`() {
        #expect(StatusReasonHandler.clean("a\r\nX: y\u{E9}") == "a??X: y??")
        #expect(StatusReasonHandler.clean(String(repeating: "x", count: 500)).utf8.count == 128)
    }

    @Test func `an agent that was never seen shows zeros`() {
        let agent = store.agent("never", isConfigured: true, stamps: Labels([]))
        let text = String(decoding: AgentMetricsPage.render(agent, targets: [], now: store.now), as: UTF8.self)
        #expect(text.contains("\nculvert_agent_connected 0\n"))
        #expect(text.contains("\nculvert_agent_last_seen_timestamp_seconds 0\n"))
    }
}
