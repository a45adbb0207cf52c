import Discovery
import Foundation
import NIOPosix
import Relabeling
import Settings
import TestSupport
import Testing

/// Prometheus and Culvert, given the same file, find the same targets with the same labels.
@Suite(.onStage) struct TargetAgreementTests {
    /// A target as both show it.
    private struct Found: Hashable, Comparable, CustomStringConvertible {
        var labels: [String: String]
        var url: String
        var interval: String
        var timeout: String

        var description: String {
            "\(url) every \(interval)/\(timeout) "
                + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.debugDescription)" }.joined(
                    separator: ",")
        }

        static func < (one: Found, other: Found) -> Bool { one.description < other.description }
    }

    /// What Prometheus answers under `/api/v1/targets`.
    private struct Answer: Decodable {
        struct Active: Decodable {
            var discoveredLabels: [String: String]
            var labels: [String: String]
            var scrapePool: String
            var scrapeUrl: String
            var scrapeInterval: String
            var scrapeTimeout: String
        }
        struct Dropped: Decodable { var discoveredLabels: [String: String] }
        struct Payload: Decodable {
            var activeTargets: [Active]
            var droppedTargets: [Dropped]
        }
        var data: Payload
    }

    private static let cases = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/agreement/targets.yml")

    /// What 3.x made different since 2.42, by case.
    private static let changed: [String: String] = [
        "a parameter label": "a target's own __param_NAME wins over params",
        "a target that is no name": "target_label may become any text",
        "the dot takes a new line": "patterns are ^(?s:…)$",
    ]

    /// Prometheus shows a duration as it was written.
    private static func canonical(_ duration: String) -> String {
        PrometheusDuration.milliseconds(duration).map(PrometheusDuration.text) ?? duration
    }

    private static func dictionary(_ labels: Labels) -> [String: String] {
        Dictionary(labels.pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private static func answer(_ server: PrometheusServer) async throws -> Answer {
        let reply = try await HTTPReader.request("/api/v1/targets", port: server.port)
        return try JSONDecoder().decode(Answer.self, from: Data(reply.body))
    }

    @Test func `both find the same targets, drop the same ones, and label them alike`() async throws {
        let directory = try TemporaryDirectory()
        let server = try await PrometheusServer.start(
            try String(contentsOf: Self.cases, encoding: .utf8), name: "prometheus", in: directory,
            flags: ["--enable-feature=no-default-scrape-port"])
        let settings = try PastedSettings.load("\(directory.path)/prometheus.yml", in: directory)
        let cases = settings.scrapeConfigs.map(\.jobName)
        #expect(cases.count >= 60)
        let traces = TargetList(settings, isTraced: true).traces
        // Prometheus takes its jobs up one after the other.
        var differences: [String] = ["nothing was compared"]
        _ = try? await eventually("both agree") {
            differences = Self.differences(cases, traces, try await Self.answer(server))
            return differences.isEmpty ? true : nil
        }
        #expect(differences == [])
    }

    /// Where the two disagree, a line each.
    private static func differences(_ cases: [String], _ traces: [TargetTrace], _ answer: Answer) -> [String] {
        var differences: [String] = []
        for name in cases where changed[name] == nil {
            var own: [Found] = []
            var ownDropped: [[String: String]] = []
            for trace in traces where trace.job == name {
                switch trace.fate {
                case .scraped(let target):
                    own.append(
                        Found(
                            labels: dictionary(target.labels), url: target.url,
                            interval: PrometheusDuration.text(target.interval),
                            timeout: PrometheusDuration.text(target.timeout)))
                case .dropped: ownDropped.append(dictionary(trace.discovered))
                case .joined, .rejected: break
                }
            }
            let theirs = answer.data.activeTargets.filter { $0.scrapePool == name }.map {
                Found(
                    labels: $0.labels, url: $0.scrapeUrl, interval: canonical($0.scrapeInterval),
                    timeout: canonical($0.scrapeTimeout))
            }
            if own.sorted() != theirs.sorted() {
                differences.append("\(name): \(own.sorted()), but Prometheus \(theirs.sorted())")
            }
            let dropped = Set(answer.data.droppedTargets.map(\.discoveredLabels).filter { $0["job"] == name })
            if Set(ownDropped) != dropped {
                differences.append("\(name): dropped \(ownDropped), but Prometheus \(dropped)")
            }
        }
        return differences
    }

    @Test func `files of targets are found alike, and so are changes to them`() async throws {
        let directory = try TemporaryDirectory()
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
        try write("a.json", #"[{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}, {"targets": []}]"#)
        try write("b.yml", "- targets: ['c:3']\n  labels: {__meta_own: z, n: 1}\n- targets: [d]\n")
        try write("broken.yml", "- targets: ['e:5']\n  lables: {}\n")
        let job = """
            scrape_configs:
              - job_name: files
                file_sd_configs: [{files: ['*.json', 'b.yml']}, {files: ['broken.yml', 'missing.yml']}]
                relabel_configs: [{source_labels: [__meta_filepath], regex: '.*/(.*)', target_label: file}]

            """
        let server = try await PrometheusServer.start(
            job, name: "prometheus", in: directory, flags: ["--enable-feature=no-default-scrape-port"])
        var discovery = FileDiscovery(
            try PastedSettings.load("\(directory.path)/prometheus.yml", in: directory).scrapeConfigs[0].fileSDConfigs)
        let settings = try PastedSettings.load("\(directory.path)/prometheus.yml", in: directory)
        func compare(_ count: Int) async throws {
            let theirs = try await eventually("Prometheus has \(count) targets") {
                let targets = try? await Self.answer(server).data.activeTargets
                return targets?.count == count ? targets : nil
            }
            _ = discovery.refresh(now: 0)
            let own = TargetList(settings, found: ["files": discovery.groups]).targets
            #expect(Set(own.map { Self.dictionary($0.labels) }) == Set(theirs.map(\.labels)))
            #expect(Set(own.map(\.url)) == Set(theirs.map(\.scrapeUrl)))
        }
        try await compare(4)
        try write("new.json", #"[{"targets": ["e:5"]}]"#)
        try write("b.yml", "- targets: [d, f]\n")
        try await compare(5)
    }
}
