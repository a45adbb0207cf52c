import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// What a target sends is what a reader gets, whatever it is.
@Suite(.onStage) struct ByteExactnessTests {
    /// What a target sends.
    struct Sent: Sendable {
        var name: String
        var contentType: String?
        var body: [UInt8]
        /// The body as it goes over the wire, when it is compressed.
        var compressed: [UInt8]?

        init(_ name: String, as contentType: String? = "text/plain; version=0.0.4", _ body: [UInt8]) {
            self.name = name
            self.contentType = contentType
            self.body = body
        }

        init(_ name: String, as contentType: String? = "text/plain; version=0.0.4", _ body: String) {
            self.init(name, as: contentType, Array(body.utf8))
        }
    }

    private static var fixtures: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/bodies").path
    }

    private static func recorded() throws -> [Sent] {
        try ["node", "node_ext", "prometheus", "vm"].flatMap { exporter in
            try ["000", "020"].map { number in
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/\(exporter)/\(number).txt"))
                return Sent("\(exporter)-\(number)", body(data))
            }
        }
    }

    private static func body(_ data: Data) -> [UInt8] { [UInt8](data) }

    private static var odd: [Sent] {
        let invalid: [UInt8] = Array("a{b=\"".utf8) + [0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80] + Array("\"} 1\n".utf8)
        let everyByte = (0...255).map { UInt8($0) }
        // A delimited MetricFamily: length, then field 1 (name) and field 3 (type gauge).
        let family: [UInt8] = [0x0A, 0x04, 0x75, 0x70, 0x75, 0x70, 0x18, 0x01]
        return [
            Sent("empty", ""),
            Sent("newline", "\n"),
            Sent("unfinished", "a 1\nb 2"),
            Sent("crlf", "a 1\r\nb 2\r\n"),
            Sent("blank-lines", "\n\na 1\n\n\n"),
            Sent("tabs", "a\t 1 \t1700000000000 \nb{x=\"y\",}\t2\n"),
            Sent("comments", "#a\n# HELP a \\n\n# TYPE a weird\n a 1\n# EOF\n# EOF\nafter 1\n"),
            Sent(
                "numbers", "a 1e400\nb -0\nc 0x1p-2\nd 1_000\ne +Inf\nf NaN\ng 00.10\nh 9007199254740993\ni .5\nj 5.\n"),
            Sent("duplicates", "a 1\na 2\na 1\n"),
            Sent("invalid-utf8", as: nil, invalid),
            Sent("every-byte", everyByte),
            Sent("zeros", [UInt8](repeating: 0, count: 100_000)),
            Sent("one-line-of-10-mb", [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)),
            Sent("html", as: "text/html; charset=utf-8", "<!doctype html><p>Not found</p>"),
            Sent("protobuf", as: Self.protobuf, [UInt8(family.count)] + family),
            Sent("broken-protobuf", as: Self.protobuf, [0xFF, 0xFF, 0x03, 0x01]),
            Sent(
                "openmetrics", as: "application/openmetrics-text; version=1.0.0; charset=utf-8",
                "a_total 1 # {x=\"y\"} 2\n# EOF\n"),
        ]
    }

    private static let protobuf =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    private static var contentTypes: [Sent] {
        let types: [String?] = [
            nil, "text/plain", "TEXT/PLAIN; VERSION=0.0.4", "text/plain; version=\"0.0.4\"; charset=\"utf-8\"",
            "text/plain;version=0.0.4;charset=utf-8;escaping=values", "application/openmetrics-text",
            "application/json",
            "nonsense", ";", "text/plain; version", "text/plain;  version=0.0.4", "a/b; c=\"\\\"d\\\"\"",
            "text/plain, text/html", String(repeating: "x", count: 300),
        ]
        return types.enumerated().map { Sent("type-\($0.offset)", as: $0.element, "a{b=\"c\"} \($0.offset)\n") }
    }

    private static func gzipped() throws -> Sent {
        let directory = try TemporaryDirectory()
        var sent = Sent("gzip", Array(String(repeating: "a{b=\"c\"} 1.5\n", count: 1000).utf8))
        let file = URL(fileURLWithPath: directory.path + "/body")
        try Data(sent.body).write(to: file)
        try CommandLineTool.output(of: "gzip", [file.path])
        sent.compressed = body(try Data(contentsOf: URL(fileURLWithPath: file.path + ".gz")))
        return sent
    }

    @Test func `bytes and Content-Type at the collector are those the target sent`() async throws {
        let all = try Self.recorded() + Self.odd + Self.contentTypes + [Self.gzipped()]
        let exporter = try await TestExporter.start()
        for sent in all {
            exporter.on("/" + sent.name) { head in
                var answer = TestExporter.Answer(headers: sent.contentType.map { [("Content-Type", $0)] } ?? [])
                answer.body = sent.body
                if let compressed = sent.compressed, head.headers["accept-encoding"].contains("gzip") {
                    answer.body = compressed
                    answer.headers.append(("Content-Encoding", "gzip"))
                }
                return answer
            }
        }
        let collector = try await Collector.start()
        let targets = all.map {
            Job.Target(address: exporter.address, path: "/" + $0.name, labels: ["case": $0.name])
        }
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "2s", jobs: [Job("bodies", targets)]))
        let paths = try await eventually("all targets are listed") {
            let groups = try await collector.serviceDiscovery("?job=bodies")
            let pairs = groups.map { ($0.labels["case"] ?? "", $0.path) }
            return pairs.count == all.count ? Dictionary(pairs) { first, _ in first } : nil
        }
        // A first scrape is stored whole, the ones behind it against it; both are read.
        for round in 1...2 {
            try await eventually("everything was scraped \(round * 2 - 1) times") {
                all.allSatisfy { exporter.requestCount("/" + $0.name) >= round * 2 - 1 }
            }
            for sent in all {
                let reply = try await collector.get(try #require(paths[sent.name]), until: 200)
                #expect(reply.body == sent.body, "\(sent.name), \(reply.body.count) bytes of \(sent.body.count)")
                #expect(reply["Content-Type"] == sent.contentType, "\(sent.name)")
                #expect(reply["Content-Encoding"] == nil, "\(sent.name)")
            }
        }
        #expect(agent.process.poll() == nil)
    }

    @Test func `a target that sends something else every time is followed exactly`() async throws {
        let all = try Self.recorded() + Self.odd.filter { $0.contentType != Self.protobuf }
        let exporter = try await TestExporter.start()
        let turn = Mutex(0)
        exporter.on("/metrics") { _ in
            let number = turn.withLock { turn in
                turn += 1
                return turn
            }
            let sent = all[number % all.count]
            var answer = TestExporter.Answer(headers: [("Content-Type", "text/plain; turn=\(number)")])
            answer.body = sent.body
            return answer
        }
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, interval: "500ms", jobs: [Job("changing", exporter.address)]))
        let path = try await collector.path(["job": "changing"])
        try await collector.get(path, until: 200)
        var seen: Set<Int> = []
        try await eventually("every body came by", within: .seconds(60)) {
            let reply = try await collector.get(path)
            // Half a second may be too short for a scrape on a busy machine: that is up 0, and its page is no body.
            guard reply.status == 200 else { return false }
            let number = try #require(reply["Content-Type"]?.split(separator: "=").last.flatMap { Int($0) })
            let sent = all[number % all.count]
            #expect(reply.body == sent.body, "\(sent.name) in turn \(number)")
            seen.insert(number % all.count)
            return seen.count == all.count
        }
        #expect(agent.process.poll() == nil)
    }
}
