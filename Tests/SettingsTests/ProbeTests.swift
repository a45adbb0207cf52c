import Glibc
import Settings
import Testing
struct ProbeTests {
    @Test func probe() throws {
        let clock = ContinuousClock()
        func run(_ name: String, _ text: String) throws {
            let t = clock.now
            _ = (name + " ").withCString { write(2, $0, strlen($0)) }
            let p = try agentProblems(text)
            let line = "\(text.utf8.count) \(clock.now - t) \(p.count) \(p.first.map { String($0.prefix(150)) } ?? "")\n"
            _ = line.withCString { write(2, $0, strlen($0)) }
        }
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for i in 1..<12 { bomb += "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 9).joined(separator: ", ") + "]\n" }
        for (i, t) in ["y: z", "*a11 : x", "? *a11\n: x", "x: {[*a11] : x}", "x: {? *a11 : x}", "x: {?*a11 : x}", "x: [*a11 : x]", "x: [? *a11]", "x: [?*a11]", "x: [*a11:x]",
          "x: {*a11:x}", "x: {&k *a11 : x}", "x: {\n*a11\n: x}", "x: {[*a11\n] : x}", "x: {*a11\u{85}: x}", "x: {*a11\u{2028}: x}", "x: {*a11 , y}", "x: {*a11}", "x: {[*a11]}", "x: {[*a11], b}", "x: {*a11, *a10}",
          "x:\n  *a11 : 1", "- *a11 : 1", "x: { !!str [*a11] : 1}", "x: {[*a11]: 1}", "x: {[*a11]:1}", "x: {{a: *a11}:1}", "x: {\"a\":1, *a11 : b}", "x: {<<: *a11}", "x: {[[*a11]\n],b}"].enumerated() {
            try run("bomb\(i)", bomb + t + "\n")
        }
        var jobs = collectorLines + "scrape_configs:\n  - job_name: a\n    static_configs: [&g {targets: &t [" + (0..<1000).map { "h\($0)" }.joined(separator: ",") + "]}"
        jobs += String(repeating: ", *g", count: 60_000) + "]\n"
        try run("jobs", jobs)
    }
}
