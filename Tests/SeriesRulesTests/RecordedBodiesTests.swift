import Exposition
import NIOCore
import Relabeling
import SeriesRules
import TestSupport
import Testing

/// What real exporters gave, whole, churned and damaged.
@Suite struct RecordedBodiesTests {
    private static func usualRules() throws -> [RelabelRule] {
        [
            try .make(.drop, source: ["__name__"], regex: "go_(gc|memstats)_.*"),
            try .make(.drop, source: ["__name__", "code"], regex: "promhttp_.*;5.."),
            try .make(.labeldrop, regex: "fstype|handler"),
            try .make(source: ["device"], regex: "(eth|ens)(.+)", target: "nic", replacement: "$2"),
            try .make(source: ["__name__"], regex: "vm_(.*)", target: "__name__", replacement: "victoria_$1"),
        ]
    }

    private static func policies() throws -> [SeriesPolicy] {
        let rules = try usualRules()
        return [
            SeriesPolicy(rules: rules), SeriesPolicy(rules: rules, honorTimestamps: false, sampleLimit: 100_000),
            SeriesPolicy(rules: [try .make(target: "job", replacement: "x")], honorLabels: true, labelLimit: 100),
            SeriesPolicy(honorTimestamps: false), SeriesPolicy(labelValueLengthLimit: 1000),
        ]
    }

    private static let target = Labels([("instance", "host:9100"), ("job", "node")])

    @Test func `bodies without anything to change are the very same`() throws {
        for (name, bodies) in try Recordings.all() {
            let rules = SeriesRules(
                policy: SeriesPolicy(rules: [try .make(.drop, source: ["__name__"], regex: "x")], labelLimit: 100),
                targetLabels: Self.target)
            for body in bodies + bodies {
                let outcome = rules.apply(to: body, contentType: "text/plain")
                let count = LineScanner.countSamples(in: Array(body.readableBytesView).span, format: .text)
                #expect(outcome.body == body && outcome.failure == nil, "\(name)")
                #expect(outcome.scraped == count && outcome.kept == count, "\(name)")
            }
        }
    }

    @Test(arguments: 0..<UInt64(2))
    func `churned bodies come out the same whatever is known of them`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for (name, bodies) in try Recordings.all() {
            for policy in try Self.policies().prefix(3) {
                let rules = SeriesRules(policy: policy, targetLabels: Self.target)
                for scrape in 0..<3 {
                    let body = churned(bodies[scrape % bodies.count], &random)
                    let known = rules.apply(to: body, contentType: "text/plain")
                    let fresh = SeriesRules(policy: policy, targetLabels: Self.target).apply(
                        to: body, contentType: "text/plain")
                    #expect(known.body == fresh.body, "\(name), seed \(seed), scrape \(scrape)")
                    #expect(known.kept == fresh.kept && known.scraped == fresh.scraped)
                }
            }
        }
    }

    @Test(arguments: 0..<UInt64(4))
    func `damaged bodies lose no line that is no sample, and stay as good or bad as they were`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for (name, bodies) in try Recordings.all() {
            for policy in try Self.policies() {
                let rules = SeriesRules(policy: policy, targetLabels: Self.target)
                for scrape in 0..<4 {
                    let place = "\(name), seed \(seed), scrape \(scrape)"
                    let isOpenMetrics = Bool.random(using: &random)
                    let format = isOpenMetrics ? ContentType.openMetrics : .text
                    let type = isOpenMetrics ? Job.openMetrics : "text/plain"
                    let body = damaged(Array(bodies[scrape % bodies.count].readableBytesView.prefix(6_000)), &random)
                    let outcome = rules.apply(to: ByteBuffer(bytes: body), contentType: type)
                    guard outcome.failure == nil else { continue }
                    let result = Array(outcome.body.readableBytesView)
                    #expect(others(in: result, format) == others(in: body, format), "\(place)")
                    let wasTaken = Readers.take(body, format)
                    let input = wasTaken ? nil : ReferencePage(body, format: format)
                    #expect(Readers.take(result, format) == wasTaken || input?.isAmbiguous == true, "\(place)")
                }
            }
        }
    }

    @Test func `a page may become many times larger`() throws {
        let rules = SeriesRules(
            policy: SeriesPolicy(
                rules: [try .make(target: "n", replacement: String(repeating: "n", count: 1000))],
                honorTimestamps: false), targetLabels: Self.target)
        let lines = (0..<1000).map { "m\($0) 1 \($0)\n" }
        let expected = (0..<1000).map { "m\($0){n=\"\(String(repeating: "n", count: 1000))\"} 1\n" }.joined()
        for _ in 0..<2 {
            let outcome = rules.apply(to: ByteBuffer(string: lines.joined()), contentType: "")
            #expect(String(buffer: outcome.body) == expected)
            #expect(outcome.kept == 1000)
        }
    }

    @Test func `what is not seen any more is forgotten`() throws {
        let rules = SeriesRules(
            policy: SeriesPolicy(rules: [try .make(target: "n", replacement: "1")]), targetLabels: Self.target)
        var most = 0
        for scrape in 0..<50 {
            let lines = (0..<500).map { "metric_of_some_length{scrape=\"\(scrape)\",line=\"\($0)\"} \($0)\n" }
            let body = ByteBuffer(string: lines.joined())
            #expect(rules.apply(to: body, contentType: "").kept == 500)
            most = max(most, rules.memory / body.readableBytes)
        }
        #expect(most < 20)
        for _ in 0..<3 { _ = rules.apply(to: ByteBuffer(string: "a 1\n"), contentType: "") }
        #expect(rules.memory < 2000)
    }

    // MARK: Damage

    private func others(in body: [UInt8], _ format: ContentType) -> [[UInt8]] {
        var scanner = LineScanner(format: format)
        var others: [[UInt8]] = []
        while let line = scanner.next(in: body.span) {
            if line.kind != .sample { others.append(Array(body[line.content])) }
        }
        return others
    }

    /// Lines taken out, doubled and moved.
    private func churned(_ body: ByteBuffer, _ random: inout SeededGenerator) -> ByteBuffer {
        var lines = body.readableBytesView.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let index = Int.random(in: 0..<lines.count, using: &random)
            let count = Int.random(in: 0...20, using: &random)
            let part = Array(lines[index...].prefix(count))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: lines.removeSubrange(index..<index + part.count)
            case 1: lines.insert(contentsOf: part, at: index)
            default:
                lines.removeSubrange(index..<index + part.count)
                lines.insert(contentsOf: part, at: Int.random(in: 0...lines.count, using: &random))
            }
            if lines.isEmpty { lines = [[]] }
        }
        return ByteBuffer(bytes: lines.joined(separator: [0x0A]))
    }

    private func damaged(_ body: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var body = body
        for _ in 0..<Int.random(in: 0...6, using: &random) where !body.isEmpty {
            let index = Int.random(in: 0..<body.count, using: &random)
            let special = Array("\"\\{}, \n\t#=0\r".utf8) + [0, 0xFF]
            switch Int.random(in: 0..<6, using: &random) {
            case 0: body[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: body[index] = special[Int.random(in: 0..<special.count, using: &random)]
            case 2: body.insert(special[Int.random(in: 0..<special.count, using: &random)], at: index)
            case 3: body.removeSubrange(index..<min(body.count, index + 7))
            case 4: body.insert(contentsOf: body[index...].prefix(90), at: index)
            default: if Int.random(in: 0..<4, using: &random) == 0 { body.removeSubrange(index...) }
            }
        }
        if Bool.random(using: &random) { body += Array("\n# EOF\n".utf8) }
        return body
    }
}
