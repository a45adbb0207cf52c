import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// Targets that are found while the agent runs, and what rules and credentials do to their scrapes.
@Suite(.onStage) struct DiscoveredTargetsTests {
    /// What a URL of targets says now.
    private final class Source: Sendable {
        let answer = Mutex(TestExporter.Answer())

        func say(_ text: String, status: Int = 200, as contentType: String = "application/json") {
            answer.withLock {
                $0 = TestExporter.Answer(
                    status: status, headers: [("Content-Type", contentType)], body: Array(text.utf8))
            }
        }
    }

    private static func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    }

    /// The instances that the collector lists for a job.
    private static func instances(_ collector: Collector, job: String) async throws -> Set<String> {
        Set(try await collector.serviceDiscovery("?job=\(job)").compactMap { $0.labels["instance"] })
    }

    @Test func `targets from files and URLs come and go, and errors take none away`() async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        for name in ["a", "b", "c", "d"] { exporter.count(on: "/" + name) }
        let source = Source()
        source.say(#"[{"targets": ["\#(exporter.address)"], "labels": {"__metrics_path__": "/a", "instance": "a"}}]"#)
        exporter.on("/targets") { _ in source.answer.withLock { $0 } }
        let file = directory.path + "/targets.yml"
        func group(_ names: String...) -> String {
            names.map { "- {targets: ['\(exporter.address)'], labels: {__metrics_path__: /\($0), instance: \($0)}}\n" }
                .joined()
        }
        try Self.write(group("b"), to: file)
        let collector = try await Collector.start()
        let url = "http://\(exporter.address)/targets"
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort,
                jobs: [
                    Job("urls", [], more: ["http_sd_configs: [{url: '\(url)', refresh_interval: 300ms}]"]),
                    Job("files", [], more: ["file_sd_configs: [{files: ['\(directory.path)/*.yml']}]"]),
                ]))
        try await eventually("both kinds are found") {
            let urls = try await Self.instances(collector, job: "urls")
            let files = try await Self.instances(collector, job: "files")
            return urls == ["a"] && files == ["b"]
        }
        let request = try #require(exporter.requests.first { $0.uri == "/targets" })
        #expect(request.headers["Accept"] == ["application/json"])
        #expect(request.headers["X-Prometheus-Refresh-Interval-Seconds"] == ["0.3"])
        let staying = try await collector.path(["job": "files", "instance": "b"])
        try await collector.get(staying, until: 200)

        // Whatever goes wrong, what was said before stays.
        for (text, status, type) in [
            ("oops", 500, "application/json"), ("[", 200, "application/json"), ("[]", 200, "text/html"),
            (#"[{"targets": ["x:1"], "lables": {}}]"#, 200, "application/json"),
        ] {
            let before = exporter.requestCount("/targets")
            source.say(text, status: status, as: type)
            try await eventually("it was asked again") { exporter.requestCount("/targets") > before + 1 }
            #expect(try await Self.instances(collector, job: "urls") == ["a"], "\(text)")
        }
        try await eventually("the problem is logged") { agent.process.line("what it said before stays") }
        try Self.write("- {targets: [", to: file)
        source.say(#"[{"targets": ["\#(exporter.address)"], "labels": {"__metrics_path__": "/c", "instance": "c"}}]"#)
        try await eventually("a change arrives") { try await Self.instances(collector, job: "urls") == ["c"] }
        try await eventually("the malformed file is logged") { agent.process.line("targets.yml") }
        #expect(try await Self.instances(collector, job: "files") == ["b"])
        try Self.write(group("b", "d"), to: file)
        try await eventually("the mended file counts") {
            try await Self.instances(collector, job: "files") == ["b", "d"]
        }
        // Who stayed was not disturbed.
        #expect(try await collector.path(["job": "files", "instance": "b"]) == staying)
        try FileManager.default.removeItem(atPath: file)
        try await eventually("without the file its targets go") {
            try await Self.instances(collector, job: "files").isEmpty
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `a reload that changes sources keeps what they said until the new ones have spoken`() async throws {
        let exporter = try await TestExporter.start()
        for name in ["a", "b"] { exporter.count(on: "/" + name) }
        let sources = (Source(), Source())
        func list(_ name: String) -> String {
            #"[{"targets": ["\#(exporter.address)"], "labels": {"__metrics_path__": "/\#(name)", "instance": "\#(name)"}}]"#
        }
        sources.0.say(list("a"))
        sources.1.say(list("b"))
        exporter.on("/first") { [source = sources.0] _ in source.answer.withLock { $0 } }
        exporter.on("/second") { [source = sources.1] _ in source.answer.withLock { $0 } }
        let collector = try await Collector.start()
        func job(_ paths: [String], interval: String = "1s") -> Job {
            let entries = paths.map { "{url: 'http://\(exporter.address)/\($0)', refresh_interval: \(interval)}" }
            return Job("urls", [], more: ["http_sd_configs: [\(entries.joined(separator: ", "))]"])
        }
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [job(["first", "second"])]))
        try await eventually("both are found") {
            try await Self.instances(collector, job: "urls") == ["a", "b"]
        }
        let staying = try await collector.path(["job": "urls", "instance": "b"])
        try await collector.get(staying, until: 200)
        // Now neither answers any more: the second one is the same as before, and then it is another one.
        sources.0.say("", status: 500)
        sources.1.say("", status: 500)
        func reloads() -> Int { agent.process.lines.count { $0.contains("configuration reloaded") } }
        for (count, change) in [job(["second"]), job(["second"], interval: "2s")].enumerated() {
            try agent.reload(jobs: [change])
            try await eventually("the reload is logged") { reloads() == count + 1 }
            try await eventually("what is left is listed") {
                try await Self.instances(collector, job: "urls").contains("b")
            }
            #expect(try await collector.get(staying).status == 200)
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `a target that goes from one job to another is asked as its new job says`() async throws {
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .text("a 1\nsecret_a 2\n"))
        let collector = try await Collector.start()
        let named = Job.Target(address: exporter.address, labels: ["job": "same"])
        func job(_ name: String, _ more: String...) -> Job { Job(name, [named], more: more) }
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, interval: "500ms",
                jobs: [job("one", "authorization: {credentials: x}")]))
        let path = try await collector.path(["job": "same"])
        #expect(try await collector.get(path, until: 200).text == "a 1\nsecret_a 2\n")
        let rule = "metric_relabel_configs: [{source_labels: [__name__], regex: 'secret.*', action: drop}]"
        try agent.reload(jobs: [job("two", rule)])
        try await eventually("the rules of the other job count") { try await collector.get(path).text == "a 1\n" }
        try await eventually("and what they left of how many is told") {
            let page = try await collector.get("/agents/agent/metrics").text
            let counts = page.split(separator: "\n").filter {
                $0.hasPrefix("culvert_target_samples_") && $0.contains("exported_job=\"same\"")
            }
            return counts.map { $0.split(separator: " ").last } == ["2", "1"]
        }
        try await eventually("its credentials too") {
            exporter.requests.last.map { $0.headers["Authorization"].isEmpty } ?? false
        }
        #expect(try await collector.path(["job": "same"]) == path)
        // A proxy that nobody answers at.
        try agent.reload(jobs: [job("three", "proxy_url: 'http://127.0.0.1:1'")])
        try await eventually("the proxy of the third job counts") { try await collector.get(path).status == 502 }
        #expect(agent.process.poll() == nil)
    }

    @Test func `failed scrapes are noted where a job wants that`() async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.on("/metrics", .init(status: 500))
        let collector = try await Collector.start()
        let file = directory.path + "/failures.json"
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, interval: "300ms",
                jobs: [
                    Job("noted", exporter.address, more: ["scrape_failure_log_file: '\(file)'"]),
                    Job("not noted", exporter.address, path: "/metrics?x"),
                ]))
        func lines() -> [[String: String]] {
            (FileManager.default.contents(atPath: file) ?? Data()).split(separator: 0x0A).compactMap {
                try? JSONDecoder().decode([String: String].self, from: Data($0))
            }
        }
        try await eventually("failures are noted") { lines().count >= 2 }
        #expect(Set(lines().map { $0["job_name"] }) == ["noted"])
        #expect(lines()[0]["target"] == "http://\(exporter.address)/metrics")
        #expect(lines()[0]["msg"]?.hasPrefix("target answered 500") == true && lines()[0]["level"] == "ERROR")
        // Moved away, as a rotation does.
        try FileManager.default.moveItem(atPath: file, toPath: file + ".1")
        try await eventually("a new file is begun") { !lines().isEmpty }
        #expect(agent.process.poll() == nil)
    }

    @Test func `credentials and headers are sent, and read again when their file changes`() async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let token = directory.path + "/token"
        try Self.write("first\n", to: token)
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(
                collectorPort: collector.tunnelPort, interval: "500ms",
                jobs: [
                    Job(
                        "secret", exporter.address,
                        more: [
                            "authorization: {credentials_file: '\(token)'}",
                            "http_headers: {X-Tenant: {values: [one, two]}}",
                        ])
                ]))
        try await eventually("it is scraped") { exporter.requestCount("/metrics") > 0 }
        let request = try #require(exporter.requests.first { $0.uri == "/metrics" })
        #expect(request.headers["Authorization"] == ["Bearer first"])
        #expect(request.headers["X-Tenant"] == ["one", "two"])
        try Self.write("second\n", to: token)
        try await eventually("the new token is sent") {
            exporter.requests.last { $0.uri == "/metrics" }?.headers["Authorization"] == ["Bearer second"]
        }
        try FileManager.default.removeItem(atPath: token)
        try await eventually("a token that is gone is told of") { agent.process.line("a job goes on with what it had") }
        #expect(agent.process.poll() == nil)
        let output = try await ChildProcess.start(
            [try Binary.culvert, "check", agent.directory.path + "/agent.yml"], name: "check", in: directory)
        #expect(try await output.end() == .exited(78))
        #expect(!(output.lines + output.outputLines).contains { $0.contains("second") })
    }

    @Test func `check shows what rules make of targets, and why one is not scraped`() async throws {
        let directory = try TemporaryDirectory()
        let exporter = try await TestExporter.start()
        exporter.on(
            "/targets",
            .init(
                headers: [("Content-Type", "application/json")],
                body: Array(#"[{"targets": ["found:1", "host/x"]}]"#.utf8)))
        let certificates = try Certificates.shared
        let own = certificates.agent("agent")
        try Self.write(
            """
            collectors:
              - address: 127.0.0.1:1
                tls_config: {ca_file: \(certificates.authority), cert_file: \(own.certificate), key_file: \(own.key)}
            log: {directory: none}
            scrape_configs:
              - job_name: shown
                static_configs: [{targets: ['a:1', 'b:2']}]
                http_sd_configs: [{url: 'http://\(exporter.address)/targets'}]
                relabel_configs:
                  - {source_labels: [__address__], regex: '(.):.*', target_label: short}
                  - {source_labels: [short], regex: b, action: drop}
              - job_name: unreachable
                http_sd_configs: [{url: 'http://127.0.0.1:1/'}]

            """, to: directory.path + "/agent.yml")
        let check = try await ChildProcess.start(
            [try Binary.culvert, "check", directory.path + "/agent.yml", "--print-targets"], name: "check",
            in: directory)
        #expect(try await check.end() == .exited(0))
        let text = check.outputLines.joined(separator: "\n")
        for line in [
            #"job "shown": 4 found, 2 scraped, 1 dropped, 1 rejected"#, #"scraped "http://a:1/metrics""#,
            #"after  {instance="a:1", job="shown", short="a"}"#,
            "dropped by rule 2 of relabel_configs (drop)", #"__meta_url="http://\#(exporter.address)/targets""#,
            "rejected: ", #"problem: job "unreachable""#, #"job "unreachable": 0 found"#,
        ] {
            #expect(text.contains(line), "\(line) in:\n\(text)")
        }
    }
}
