import NIOCore
import Relabeling
import SeriesRules
import Testing

/// What rules make of lines.
@Suite struct RewritingTests {
    @Test func `dropped series are left out, and nothing else is`() throws {
        let body =
            "# HELP a x\n# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\n\n# TYPE b gauge\nb 3 1234\n# EOF\ngarbage\n"
        let page = Job([try .make(.drop, source: ["x"], regex: "1")]).page(body)
        #expect(page == body.replacing("a{x=\"1\"} 1\n", with: ""))
    }

    @Test func `value, timestamp and exemplar keep their bytes`() throws {
        var job = Job([try .make(target: "n", replacement: "1")])
        #expect(job.page("a  +1.50e+00 \t 1234 \n") == "a{n=\"1\"} +1.50e+00 \t 1234 \n")
        job.contentType = Job.openMetrics
        #expect(
            job.page("a_total 1.0 12.5 # {t=\"a\\\"b\"} 0.50 11\n# EOF\n")
                == "a_total{n=\"1\"} 1.0 12.5 # {t=\"a\\\"b\"} 0.50 11\n# EOF\n")
    }

    @Test func `a target's label that a rule changed is written, one it removed is written empty`() throws {
        let changed = Job([try .make(target: "job", replacement: "new")])
        #expect(changed.page("a 1\n") == "a{job=\"new\"} 1\n")
        let dropped = Job([try .make(.labeldrop, regex: "job")])
        #expect(dropped.page("a{b=\"c\"} 1\n") == "a{b=\"c\",job=\"\"} 1\n")
        let emptied = Job([try .make(target: "instance", replacement: "")])
        #expect(emptied.page("a 1\n") == "a{instance=\"\"} 1\n")
    }

    @Test func `names and labels are renamed, added and removed`() throws {
        let rename = Job([try .make(source: ["__name__"], regex: "old_(.*)", target: "__name__", replacement: "new_$1")]
        )
        #expect(rename.page("old_a{b=\"c\"} 1\nold_ 2\nother 3\n") == "new_a{b=\"c\"} 1\nnew_ 2\nother 3\n")
        let remove = Job([try .make(.labeldrop, regex: "b|c")])
        #expect(remove.page("a{a=\"1\",b=\"2\",c=\"3\"} 1\na{b=\"\"} 2\n") == "a{a=\"1\"} 1\na{b=\"\"} 2\n")
        let empty = Job([try .make(source: ["b"], regex: "x", target: "b", replacement: "")])
        #expect(empty.page("a{b=\"x\"} 1\na{b=\"y\"} 2\n") == "a 1\na{b=\"y\"} 2\n")
        let map = Job([try .make(.labelmap, regex: "k_(.+)", replacement: "m_$1")])
        #expect(map.page("a{k_x=\"1\"} 1\n") == "a{k_x=\"1\",m_x=\"1\"} 1\n")
    }

    @Test(arguments: [
        ("histogram", "le", "1", "1.0"), ("histogram", "le", "1e3", "1000.0"), ("histogram", "le", "1000000", "1e+06"),
        ("histogram", "le", "inf", "+Inf"), ("summary", "quantile", "0", "0.0"), ("histogram", "le", "x", "x"),
        ("gauge", "le", "1", "1"), ("summary", "le", "1", "1"), ("histogram", "quantile", "1", "1"),
        ("gaugehistogram", "le", "1", "1"),
    ])
    func `rules see bounds and quantiles as Prometheus 3 writes them`(
        type: String, label: String, written: String, seen: String
    ) throws {
        let line = "a{\(label)=\"\(written)\"} 1\n"
        let body = line + "# TYPE a \(type)\n" + line + "# TYPE b untyped\n" + line
        let copy = Job([try .make(source: [label], target: "seen")])
        let page = copy.page(body)
        let before = "a{\(label)=\"\(written)\",seen=\"\(written)\"} 1\n"
        // What the rules leave alone stays as it came: a Prometheus 2 shall not meet two spellings.
        let within = "a{\(label)=\"\(written)\",seen=\"\(seen)\"} 1\n"
        #expect(page == before + "# TYPE a \(type)\n" + within + "# TYPE b untyped\n" + before)
        #expect(copy.page(body) == page)
    }

    @Test func `a bound is kept or dropped by the number that Prometheus 3 sees, whatever the family was before`()
        throws
    {
        let rules = Job([try .make(.drop, source: ["le"], regex: "1\\.0|2")]).makeRules()
        let (one, two) = ("a{le=\"1\"} 1\n", "a{le=\"2\"} 2\n")
        for (type, kept) in [("histogram", two), ("counter", one), ("histogram", two)] {
            let comment = "# TYPE a \(type)\n"
            let outcome = rules.apply(to: ByteBuffer(string: comment + one + two), contentType: "text/plain")
            #expect(String(buffer: outcome.body) == comment + kept)
        }
    }

    @Test func `values are escaped by the rules of the formats`() throws {
        let body = #"a{b="q\"s\\n\nt\x"} 1"# + "\n"
        for type in ["text/plain", Job.openMetrics] {
            var job = Job([try .make(source: ["b"], target: "c")])
            job.contentType = type
            // An unknown escape stands for itself.
            #expect(job.page(body) == #"a{b="q\"s\\n\nt\\x",c="q\"s\\n\nt\\x"} 1"# + "\n")
        }
        // A raw line feed in text.
        #expect(
            Job([try .make(source: ["b"], target: "c")]).page("a{b=\"1\n2\"} 1\n") == #"a{b="1\n2",c="1\n2"} 1"# + "\n")
    }

    @Test func `names outside the old alphabet are quoted`() throws {
        let label = Job([try .make(target: "my.label", replacement: "1")])
        #expect(label.page("a 1\n") == "a{\"my.label\"=\"1\"} 1\n")
        let name = Job([try .make(source: ["__name__"], target: "__name__", replacement: "my \"$1")])
        #expect(name.page("a{b=\"c\"} 1\n") == "{\"my \\\"a\",b=\"c\"} 1\n")
        let plain = Job([try .make(.replace, source: ["__name__"], regex: "my\\.(.+)", target: "__name__")])
        #expect(plain.page("{\"my.metric\",\"x.y\"=\"1\"} 1\n") == "metric{\"x.y\"=\"1\"} 1\n")
        let colon = Job([try .make(target: "a:b", replacement: "1")])
        #expect(colon.page("a:b 1\n") == "a:b{\"a:b\"=\"1\"} 1\n")
    }

    @Test func `labels for the time of rules stay, as in Prometheus`() throws {
        #expect(Job([try .make(target: "__tmp", replacement: "1")]).page("a 1\n") == "a{__tmp=\"1\"} 1\n")
    }

    @Test func `what Prometheus refuses stays as it is, so that no rule mends a body`() throws {
        let drop = try RelabelRule.make(.drop, source: ["__name__"], regex: "b")
        let mark = try RelabelRule.make(target: "n", replacement: "1")
        for bad in [
            "b 1e400", " b 1", "b{,x=\"1\"} 1", "b{x=\"1\",x=\"1\"}", "b 1 -5", "b 1 # {} 1", "b 1\r",
            "b{x=\"1\"} 1 2 3",
        ] {
            #expect(Job([drop]).page("a 1\n\(bad)\nb 2\n") == "a 1\n\(bad)\n")
            #expect(Job([mark]).page("\(bad)\nb 2\n") == "\(bad)\nb{n=\"1\"} 2\n")
        }
        var job = Job([drop])
        job.contentType = Job.openMetrics
        for bad in ["b  1", "b 1 ", "b {x=\"1\"} 1", "b 1 NaN", "b 1 # {}", "b 1 # {}  1", "b 1 # {x=\"1\"} 1 +Inf"] {
            #expect(job.page("a 1\n\(bad)\nb 2\n# EOF\n") == "a 1\n\(bad)\n# EOF\n")
        }
        #expect(job.page("b 1\n# EOF\nb 2\n") == "# EOF\nb 2\n")
        #expect(job.page("b 1 # {x=\"1\"} 1 2\nb 1\n# EOF") == "# EOF")
        #expect(job.page("b 1\nb 2") == "b 2")
    }

    @Test func `series that rules make equal are both kept and counted`() throws {
        let job = Job([try .make(.labeldrop, regex: "x")])
        let outcome = job.outcome("a{x=\"1\"} 1\na{x=\"2\"} 2\n")
        #expect(String(buffer: outcome.body) == "a 1\na 2\n")
        #expect(outcome.scraped == 2 && outcome.kept == 2)
    }

    @Test func `a series without any label is dropped, one without a name fails`() throws {
        var job = Job([try .make(.labelkeep, regex: "b")])
        job.target = Labels()
        #expect(job.outcome("a 1\nb{x=\"2\"} 2\n").failure == nil)
        #expect(job.page("a 1\nb{x=\"2\"} 2\n") == "")
        let outcome = job.outcome("a 1\nc{b=\"1\"} 1\nd 1\n")
        #expect(outcome.failure?.code == .missingMetricName)
        #expect(outcome.failure?.message == "missing metric name (__name__ label)")
        #expect(outcome.failure?.series == "c{b=\"1\"}")
        #expect(outcome.scraped == 2 && outcome.kept == 0 && outcome.body.readableBytes == 0)
    }

    @Test func `it is counted before and after the rules`() throws {
        let outcome = Job([try .make(.drop, source: ["__name__"], regex: "a")]).outcome("a 1\n# x\nb 2\nb 2\n\na 3")
        #expect(outcome.scraped == 4 && outcome.kept == 2 && outcome.failure == nil)
    }

    @Test func `an unchanged body is the very same buffer`() throws {
        let body = ByteBuffer(string: "a 1\nb 2\n")
        let rules = Job([try .make(.drop, source: ["__name__"], regex: "z")]).makeRules()
        let address = body.withUnsafeReadableBytes { $0.baseAddress }
        for _ in 0..<3 {
            let outcome = rules.apply(to: body, contentType: "text/plain")
            #expect(outcome.body.withUnsafeReadableBytes { $0.baseAddress } == address)
        }
    }

    @Test func `protobuf passes, uncounted and unlimited`() throws {
        var job = Job([try .make(.drop, source: ["__name__"], regex: ".*")])
        job.policy.sampleLimit = 1
        job.contentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
        let outcome = job.outcome("a 1\nb 2\n")
        #expect(String(buffer: outcome.body) == "a 1\nb 2\n")
        #expect(outcome.scraped == -1 && outcome.kept == -1 && outcome.failure == nil)
    }

    @Test func `a target whose format changes is read anew`() throws {
        let rules = Job([try .make(target: "n", replacement: "1")]).makeRules()
        // Two blanks are an error in OpenMetrics, and what is wrong stays as it is.
        let body = ByteBuffer(string: "a  1\n# EOF\n")
        #expect(String(buffer: rules.apply(to: body, contentType: "text/plain").body) == "a{n=\"1\"} 1\n# EOF\n")
        #expect(rules.apply(to: body, contentType: Job.openMetrics).body == body)
        #expect(String(buffer: rules.apply(to: body, contentType: "").body) == "a{n=\"1\"} 1\n# EOF\n")
    }
}
