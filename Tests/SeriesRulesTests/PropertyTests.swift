import Exposition
import NIOCore
import Relabeling
import SeriesRules
import TestSupport
import Testing

/// Random bodies under random rules, against a plain model of what Prometheus does and of how it reads the result.
@Suite struct PropertyTests {
    @Test(arguments: 0..<UInt64(4))
    func `a reader of the page has what the rules made of the body`(seed: UInt64) throws {
        for round in 0..<25 {
            var job = RandomJob(seed: seed << 32 | UInt64(round))
            let policy = try job.policy()
            let target = job.target()
            let rules = SeriesRules(policy: policy, targetLabels: target)
            let pool = job.pool()
            for scrape in 0..<4 {
                let body = job.body(pool)
                check(body, policy, target, rules, job.isOpenMetrics, "seed \(seed), round \(round), scrape \(scrape)")
            }
        }
    }

    private func check(
        _ body: [UInt8], _ policy: SeriesPolicy, _ target: Labels, _ rules: SeriesRules, _ isOpenMetrics: Bool,
        _ place: String
    ) {
        let format = isOpenMetrics ? ContentType.openMetrics : .text
        let type = isOpenMetrics ? Job.openMetrics : "text/plain"
        let outcome = rules.apply(to: ByteBuffer(bytes: body), contentType: type)
        let known = rules.apply(to: ByteBuffer(bytes: body), contentType: type)
        let fresh = SeriesRules(policy: policy, targetLabels: target).apply(
            to: ByteBuffer(bytes: body), contentType: type)
        for other in [known, fresh] {
            #expect(other.body == outcome.body, "\(place)")
            #expect(other.scraped == outcome.scraped && other.kept == outcome.kept, "\(place)")
            #expect(other.failure == outcome.failure, "\(place)")
        }

        let input = ReferencePage(body, format: format)
        let isNameless = input.lines.contains { line in
            guard case .sample(let sample) = line, !isRefused(sample, format) else { return false }
            var labels = sample.stored(target: target, honorLabels: policy.honorLabels)
            return policy.rules.apply(to: &labels) && !labels.isEmpty && labels["__name__"] == nil
        }
        #expect((outcome.failure?.code == .missingMetricName) == isNameless, "\(place)")
        if isNameless { return }
        #expect(outcome.failure == nil, "\(place)")

        let bytes = Array(outcome.body.readableBytesView)
        let output = ReferencePage(bytes, format: format)
        #expect(output.lines.count == outcome.kept + output.lines.count { !isSample($0, format) }, "\(place)")
        let readerHonors =
            policy.honorLabels || SeriesRules.touchesTargetLabels(policy.rules, target)
        var next = output.lines[...]
        for line in input.lines {
            guard case .sample(let sample) = line, !isRefused(sample, format) else {
                // An ambiguous line may be dropped; all others stay.
                if next.first == line {
                    next.removeFirst()
                } else {
                    #expect(input.isAmbiguous && isSample(line, format), "\(place): \(line)")
                }
                continue
            }
            let before = sample.stored(target: target, honorLabels: policy.honorLabels)
            var expected = before
            guard policy.rules.apply(to: &expected), !expected.isEmpty else { continue }
            guard case .sample(let result)? = next.popFirst() else {
                Issue.record("\(place): a sample is missing")
                return
            }
            #expect(result.stored(target: target, honorLabels: readerHonors) == expected, "\(place)")
            #expect(result.value == sample.value && result.exemplar == sample.exemplar, "\(place)")
            #expect(result.timestamp == (policy.honorTimestamps ? sample.timestamp : ""), "\(place)")
            let isSame = sample.stored(target: target, honorLabels: readerHonors) == expected
            if isSame, policy.honorTimestamps || sample.timestamp.isEmpty {
                #expect(result.line == sample.line, "\(place)")
            }
        }
        #expect(next.isEmpty, "\(place)")
        let wasTaken = Readers.take(body, format)
        #expect(Readers.take(bytes, format) == wasTaken || (input.isAmbiguous && !wasTaken), "\(place)")
    }

    private func isSample(_ line: ReferenceLine, _ format: ContentType) -> Bool {
        switch line {
        case .sample: return true
        case .verbatim(let bytes):
            return LineScanner.countSamples(in: bytes.span, format: format) == 1
        }
    }

    /// Whether Prometheus would refuse a body for this line.
    private func isRefused(_ sample: ReferenceSample, _ format: ContentType) -> Bool {
        let end = format == .openMetrics ? Array("# EOF\n".utf8) : []
        return !Readers.take(sample.line + end, format)
    }
}
