import NIOCore
import Relabeling
import SeriesRules
import Testing

/// Limits, and timestamps that are not wanted.
@Suite struct LimitTests {
    @Test func `sample_limit counts what the rules have left, and admits exactly that many`() throws {
        var job = Job([try .make(.drop, source: ["__name__"], regex: "c")])
        job.policy.sampleLimit = 2
        #expect(job.outcome("a 1\nb 1\nc 1\n").failure == nil)
        let outcome = job.outcome("a 1\nb 1\nc 1\nd 1\ne 1\n")
        #expect(outcome.failure?.code == .sampleLimit)
        #expect(outcome.failure?.message == "sample limit exceeded (samples: 4, limit: 2)")
        // Reading goes on to count.
        #expect(outcome.scraped == 5 && outcome.kept == 4 && outcome.body.readableBytes == 0)
    }

    @Test func `a repeated sample counts once for the limit, unless it has a time`() throws {
        var job = Job()
        job.policy.sampleLimit = 1
        let rules = job.makeRules()
        for _ in 0..<2 {
            let outcome = rules.apply(to: ByteBuffer(string: "a 1\na 2\na 3\n"), contentType: "text/plain")
            #expect(outcome.failure == nil && outcome.kept == 3)
        }
        #expect(job.outcome("a 1 1\na 2 2\n").failure?.code == .sampleLimit)
        job.policy.honorTimestamps = false
        #expect(job.outcome("a 1 1\na 2 2\n").failure == nil)
    }

    @Test func `label_limit counts the name and the target's labels`() throws {
        var job = Job()
        job.policy.labelLimit = 4
        #expect(job.outcome("a{b=\"1\",c=\"\"} 1\n").failure == nil)
        let outcome = job.outcome("x 1\na{b=\"1\",c=\"2\"} 1\n")
        #expect(outcome.failure?.code == .labelLimit)
        #expect(outcome.failure?.message == "label_limit exceeded (metric: a, number of labels: 5, limit: 4)")
        #expect(outcome.scraped == 2 && outcome.kept == 1)
    }

    @Test func `lengths of names and values are limited in bytes`() throws {
        var job = Job()
        job.policy.labelNameLengthLimit = 8
        #expect(job.outcome("metric_name{b2345678=\"long value\"} 1\n").failure == nil)
        #expect(
            job.outcome("a{b23456789=\"v\"} 1\n").failure?.message
                == "label_name_length_limit exceeded (metric: a, label name: b23456789, length: 9, limit: 8)")
        job.policy = SeriesPolicy(labelValueLengthLimit: 4)
        #expect(job.outcome("a{b=\"äö\"} 1\n").failure == nil)
        let outcome = job.outcome("a{b=\"äöü\"} 1\n")
        #expect(outcome.failure?.code == .labelValueLengthLimit)
        #expect(
            outcome.failure?.message
                == "label_value_length_limit exceeded (metric: a, label name: b, value: \"äöü\", length: 6, limit: 4)")
        // The name of a metric is a value.
        #expect(job.outcome("abcde 1\n").failure?.code == .labelValueLengthLimit)
    }

    @Test func `a rule can bring a series below the limits, and a failing one fails again`() throws {
        var job = Job([try .make(.labeldrop, regex: "c")])
        job.policy.labelLimit = 3
        #expect(job.outcome("a{c=\"2\"} 1\n").failure == nil)
        let rules = job.makeRules()
        for _ in 0..<3 {
            let outcome = rules.apply(to: ByteBuffer(string: "a{b=\"2\"} 1\n"), contentType: "")
            #expect(outcome.failure?.code == .labelLimit)
        }
        #expect(rules.apply(to: ByteBuffer(string: "a 1\n"), contentType: "").failure == nil)
    }

    @Test func `a label failure wins over too many samples`() throws {
        var job = Job()
        job.policy.sampleLimit = 1
        job.policy.labelLimit = 3
        #expect(job.outcome("a 1\nb 1\nc{d=\"1\"} 1\n").failure?.code == .labelLimit)
    }

    @Test func `rules are not run on thousands of labels`() throws {
        let labels = (0..<2000).map { "l\($0)=\"1\"" }.joined(separator: ",")
        let failure = Job([try .make(.labeldrop, regex: "x")]).outcome("a{\(labels)} 1\n").failure
        #expect(failure?.code == .labelLimit)
        #expect(failure?.series.count == 100)
        // Where nobody asks for labels, nobody looks at them.
        var job = Job()
        job.policy.sampleLimit = 1
        #expect(job.outcome("a{\(labels)} 1\n").failure == nil)
    }

    @Test func `timestamps are removed when they are not honored, exemplars keep theirs`() throws {
        var job = Job()
        job.policy.honorTimestamps = false
        #expect(
            job.page("a 1 1234\nb 2\nc{d=\"e\"}  3 \t 5 \n# x 1 2\nd NaN 7")
                == "a 1\nb 2\nc{d=\"e\"}  3 \n# x 1 2\nd NaN")
        job.contentType = Job.openMetrics
        #expect(
            job.page("a_total 1.0 12.5 # {} 1 11.5\nb 1 1e3\n# EOF\n") == "a_total 1.0 # {} 1 11.5\nb 1\n# EOF\n")
    }

    @Test func `timestamps are removed from rewritten and beside dropped lines`() throws {
        var job = Job([
            try .make(.drop, source: ["__name__"], regex: "a"), try .make(target: "n", replacement: "1"),
        ])
        job.policy.honorTimestamps = false
        let tail = String(repeating: "# a comment\n", count: 20)
        #expect(
            job.page("a 1 1\nb 2 2\nc 3\na 4\nb 5 5\n" + tail) == "b{n=\"1\"} 2\nc{n=\"1\"} 3\nb{n=\"1\"} 5\n" + tail)
    }

    @Test func `a policy says whether it asks for anything`() throws {
        #expect(!SeriesPolicy().isNeeded)
        #expect(!SeriesPolicy(honorLabels: true).isNeeded)
        #expect(SeriesPolicy(rules: [try .make(.labeldrop, regex: "a")]).isNeeded)
        #expect(SeriesPolicy(honorTimestamps: false).isNeeded)
        #expect(SeriesPolicy(sampleLimit: 1).isNeeded)
        #expect(SeriesPolicy(labelValueLengthLimit: 1).isNeeded)
        let policies = [
            SeriesPolicy(rules: [try .make(.labeldrop, regex: "a")]),
            SeriesPolicy(rules: [try .make(.labeldrop, regex: "b")]),
        ]
        #expect(policies[0] != policies[1])
        #expect(policies[0] == SeriesPolicy(rules: [try .make(.labeldrop, regex: "a")]))
    }
}
