import NIOCore
import Relabeling
import SeriesRules
import Testing

/// Series that must not leave, whatever the rules of a job make of them.
@Suite struct DenialTests {
    private func outcome(
        _ body: String, rules: [RelabelRule] = [], as contentType: String = "text/plain"
    ) throws -> SeriesRules.Outcome {
        var job = Job(rules)
        job.policy.denied = [try .make(.drop, source: ["__name__"], regex: "secret.*")]
        #expect(job.policy.isNeeded)
        let made = job.makeRules()
        let first = made.apply(to: ByteBuffer(string: body), contentType: contentType)
        // What is known of a line by then changes nothing.
        let second = made.apply(to: ByteBuffer(string: body), contentType: contentType)
        #expect(first.body == second.body && first.failure == second.failure)
        return first
    }

    @Test func `they are taken out before rules can rename them, and what rules name so is too`() throws {
        let rules = [
            try RelabelRule.make(
                .replace, source: ["__name__"], regex: "secret_(.*)", target: "__name__", replacement: "$1"),
            try RelabelRule.make(
                .replace, source: ["__name__"], regex: "open", target: "__name__", replacement: "secret"),
        ]
        let outcome = try outcome("a 1\nsecret_key 2\nopen 3\nb{secret=\"x\"} 4\n", rules: rules)
        #expect(outcome.body == ByteBuffer(string: "a 1\nb{secret=\"x\"} 4\n"))
        #expect(outcome.scraped == 4 && outcome.kept == 2 && outcome.failure == nil)
    }

    @Test(arguments: [
        "a 1\nsecret 1e4000x\n", "a 1\n{secret} 1\n \u{1}secret 2\n", "secret 1 tomorrow\n", "secret 1 # {} 1\n",
        "?secret 3\n",
    ])
    func `a body with a line that nobody can read fails, as it could be one of them`(body: String) throws {
        let outcome = try outcome(body)
        #expect(outcome.failure?.code == .unreadableLine)
        #expect(outcome.body.readableBytes == 0)
    }

    @Test func `what stands behind the end of OpenMetrics does not pass unseen`() throws {
        let type = "application/openmetrics-text; version=1.0.0"
        #expect(try outcome("a 1\n# EOF\n", as: type).body == ByteBuffer(string: "a 1\n# EOF\n"))
        #expect(try outcome("a 1\n# EOF\nsecret 1\n", as: type).failure?.code == .unreadableLine)
    }
}
