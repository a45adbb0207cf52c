import Foundation
import TestSupport
import Testing

/// What a Prometheus stores of a job is the same, whether it scrapes the targets itself or reads them from a collector whose
/// agent was given the job.
@Suite(.onStage) struct SeriesAgreementTests {
    private static let template = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/agreement/series.yml")

    private static func body(now: Int) -> String {
        """
        # HELP a_total Things.
        # TYPE a_total counter
        a_total{code="200",path="/x"} 5
        a_total{code="500", path="/y",} 7
        a_total{job="own",instance="me"} 1
        # TYPE b untyped
        b{le="1",instance=""} 2
        b{quantile="0.5"} NaN
        c{exported_job="x",job="y"} 3
        go_goroutines 9
        escaped{path="a\\"b\\\\c\\nd"} +Inf
        long{v="123456789012345678901234567890"} 1e+06
        timed 4 \(now)

        """
    }

    /// The series of the jobs, without what only a reader of a collector adds, and without what each Prometheus says of its
    /// own scrapes.
    private static func series(_ server: PrometheusServer) async throws -> [[String: String]: String] {
        let all = try await server.query(#"{__name__!~"up|scrape_.*", job!~"culvert.agent", instance!="", agent!="x"}"#)
            .merging(try await server.query(#"{__name__!~"up|scrape_.*", instance="", job!=""}"#)) { first, _ in first }
        let pairs = all.filter { $0.key["job"]?.hasPrefix("culvert") != true }.map { labels, value in
            (labels.filter { $0.key != "agent" }, value)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func health(_ server: PrometheusServer) async throws -> [[String: String]: String] {
        let all = try await server.query(#"up{job!~"culvert.agent"}"#)
        return Dictionary(all.map { labels, value in (labels.filter { $0.key != "agent" }, value) }) { first, _ in first
        }
    }

    @Test func `every job gives the same series, and the same up`() async throws {
        let exporter = try await TestExporter.start()
        let now = Int(Date().timeIntervalSince1970 * 1000) - 2000
        exporter.on("/metrics", .text(Self.body(now: now)))
        let directory = try TemporaryDirectory()
        let configuration = try String(contentsOf: Self.template, encoding: .utf8)
            .replacingOccurrences(of: "TARGET", with: "'\(exporter.address)'")
        let direct = try await PrometheusServer.start(configuration, name: "direct", in: directory)
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort,
                more: ["scrape_configs_file: '\(directory.path)/direct.yml'"]))
        func job(_ name: String, _ honor: Bool) -> String {
            """
              - job_name: \(name)
                honor_labels: \(honor)
                http_sd_configs: [{url: 'http://127.0.0.1:\(collector.webPort)/sd?honor_labels=\(honor)', refresh_interval: 1s}]

            """
        }
        let reader = try await PrometheusServer.start(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n" + job("a", false) + job("b", true),
            name: "reader", in: directory)
        let jobs = configuration.components(separatedBy: "job_name:").count - 1
        try await eventually("both have scraped every job", within: .seconds(40)) {
            let (here, there) = (try await Self.health(direct), try await Self.health(reader))
            return Set(here.keys.map { $0["job"] }).count == jobs && here == there
        }
        try await eventually("both have the same series") {
            let (here, there) = (try await Self.series(direct), try await Self.series(reader))
            return here.count > 150 && here == there
        }
        let failed = try await Self.health(direct).filter { $0.value == "0" }.compactMap { $0.key["job"] }
        #expect(failed.count == 7, "\(failed)")
        // Times of the target's own, and times of the scrape where those are not to count.
        let expression = #"timestamp(timed{job=~"plain|without timestamps"})"#
        for server in [direct, reader] {
            let times = try await server.query(expression)
            for (labels, time) in times {
                let isOwn = abs((Double(time) ?? 0) * 1000 - Double(now)) < 2
                #expect(isOwn == (labels["job"] == "plain"), "\(labels) \(time)")
            }
            #expect(times.count == 2)
        }
        #expect(agent.process.poll() == nil)
        #expect(
            reader.complaints.filter { !$0.contains("Out of order") && !$0.contains("out of order") }.isEmpty,
            "\(reader.complaints)")
    }
}
