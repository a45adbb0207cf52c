import Relabeling
import SeriesRules
import Testing

/// How the labels of a line and of its target become one set, seen through what comes out.
@Suite struct JoiningTests {
    /// Changes each series, so that all its labels are written.
    private func marking() throws -> [RelabelRule] { [try .make(target: "mark", replacement: "1")] }

    @Test(
        arguments: [
            ("a 1\n", #"a{mark="1"} 1"#),
            // What the target displaces is kept.
            (#"a{job="x"} 1"#, #"a{exported_job="x",mark="1"} 1"#),
            (#"a{job="x",exported_job="y"} 1"#, #"a{exported_exported_job="x",exported_job="y",mark="1"} 1"#),
            // An empty label is none.
            (#"a{job="",b=""} 1"#, #"a{mark="1"} 1"#),
            (#"a{job="x",exported_job=""} 1"#, #"a{exported_job="x",mark="1"} 1"#),
            // The same value as the target's is a collision too.
            (#"a{job="j"} 1"#, #"a{exported_job="j",mark="1"} 1"#),
        ])
    func `without honor_labels the target's labels win`(body: String, expected: String) throws {
        let page = Job(try marking()).page(body)
        #expect(page == (body.hasSuffix("\n") ? expected + "\n" : expected))
    }

    @Test func `of colliding labels the shortest name is renamed first`() throws {
        var job = Job(try marking())
        job.target = Labels([("a", "t"), ("exported_a", "t")])
        #expect(
            job.page(#"m{exported_a="long",a="short"} 1"#)
                == #"m{exported_exported_a="short",exported_exported_exported_a="long",mark="1"} 1"#)
    }

    @Test(
        arguments: [
            (#"a{job="x"} 1"#, #"a{job="x",mark="1"} 1"#),
            (#"a{instance="",b="c"} 1"#, #"a{b="c",mark="1",instance=""} 1"#),
            (#"a{job="j"} 1"#, #"a{mark="1"} 1"#),
        ])
    func `with honor_labels the body wins, with an empty value too`(body: String, expected: String) throws {
        #expect(Job(try marking(), honorLabels: true).page(body) == expected)
    }

    @Test func `rules see the joined labels`() throws {
        let seesExported = Job([try .make(.drop, source: ["exported_job"], regex: "x")])
        #expect(seesExported.page("a{job=\"x\"} 1\nb{job=\"y\"} 2\n") == "b{job=\"y\"} 2\n")
        let seesTarget = Job([try .make(.keep, source: ["__name__", "instance"], regex: "a;i:1")])
        #expect(seesTarget.page("a 1\nb 2\n") == "a 1\n")
        let seesBody = Job([try .make(.drop, source: ["job"], regex: "x")], honorLabels: true)
        #expect(seesBody.page("a{job=\"x\"} 1\nb{job=\"y\"} 2\n") == "b{job=\"y\"} 2\n")
    }

    @Test func `a line that reads the same stays byte for byte`() throws {
        let body = "# HELP a b\n a \t{ job=\"x\" , b=\"1\",}\t 1\na{b=\"\\t\"c=\"\"}1 5 \n\nb{job=\"y\"} 2"
        for honor in [false, true] {
            #expect(Job([try .make(.drop, source: ["__name__"], regex: "z")], honorLabels: honor).page(body) == body)
        }
    }

    @Test func `collisions are written where the reader has to honor labels`() throws {
        // The rule touches `job` for one series, so the reader lets the body win for all.
        let job = Job([try .make(source: ["__name__"], regex: "special", target: "job", replacement: "other")])
        let page = job.page("a{job=\"x\"} 1\nspecial 2\nb{job=\"\"} 3\nc{d=\"e\"} 4\n")
        #expect(page == "a{exported_job=\"x\"} 1\nspecial{job=\"other\"} 2\nb 3\nc{d=\"e\"} 4\n")
    }
}
