import Relabeling
import SeriesRules
import TestSupport

/// Random bodies and rules whose names and values meet often.
struct RandomJob {
    var random: SeededGenerator
    let isOpenMetrics: Bool

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        isOpenMetrics = Bool.random(using: &random)
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    // MARK: Policies

    mutating func target() -> Labels {
        var labels = Labels([("instance", "i:1"), ("job", "j")])
        for name in ["a", "exported_job", "exported_a", "x.y"] where chance(3) { labels[name] = pick(["1", "v", "j"]) }
        return chance(8) ? Labels() : labels
    }

    mutating func policy() throws -> SeriesPolicy {
        var rules: [RelabelRule] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) { rules.append(try rule()) }
        return SeriesPolicy(rules: rules, honorLabels: chance(2), honorTimestamps: !chance(4))
    }

    private mutating func rule() throws -> RelabelRule {
        let name = pick(["a", "b", "job", "instance", "le", "quantile", "x.y", "__name__"])
        let other = pick(["a", "b", "job", "exported_job", "n"])
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return try .make(.drop, source: [name], regex: "1|m2")
        case 1: return try .make(.drop, source: [name, other], regex: "[^;]+;v")
        case 2: return try .make(.keep, source: ["__name__"], regex: "m.*|.*total")
        case 3: return try .make(source: [name], regex: "(.)(.*)", target: other, replacement: "${2}\\\"\n$1")
        case 4: return try .make(target: other, replacement: pick(["", "new", "j"]))
        case 5: return try .make(source: ["__name__"], regex: "m(.*)", target: "__name__", replacement: "r.$1")
        case 6: return try .make(.labeldrop, regex: pick(["a|b", "exported_.*", "job", "le"]))
        case 7: return try .make(.labelkeep, regex: "__name__|a|job|instance|exported_.*")
        case 8: return try .make(.labelmap, regex: "(a|b|job)", replacement: pick(["k_$1", "$1.x", "exported_$1"]))
        case 9: return try .make(.hashmod, source: [name], target: other, modulus: 3)
        case 10: return try .make(.uppercase, source: [name], target: other)
        case 11: return try .make(.dropequal, source: [name], target: other)
        case 12: return try .make(source: ["a"], regex: "(.+)", target: "$1", replacement: "x")
        default: return try .make(source: ["exported_job"], regex: "(.+)", target: "job")
        }
    }

    // MARK: Bodies

    /// A body of which some lines are from a pool: bodies of one job have many in common.
    mutating func body(_ pool: [String]) -> [UInt8] {
        var text = ""
        for _ in 0..<Int.random(in: 0...30, using: &random) {
            text += pick(pool) + tail() + "\n"
            if chance(6) {
                let comments = [
                    "# HELP m1 a histogram", "# TYPE m1 counter", "# TYPE m2 histogram", "# TYPE m1 summary",
                    "# TYPE histogram gauge",
                ]
                text += (isOpenMetrics ? "" : pick(["", "", " \t"])) + pick(comments) + "\n"
            }
            if !isOpenMetrics, chance(12) { text += pick(["\n", "# x\n", "#\n", " \t\n"]) }
        }
        // Lines that cost a reader the body.
        if chance(6) {
            text += pick(["garbage!", "m1 1 2 3", "m1{a=\"1\"} 1e400", "m1{,} 1", " m1 1", "m2 0x1"]) + "\n"
        }
        if chance(12) { text += pick(pool) + " NaN -5\n" }
        if isOpenMetrics { return Array((text + "# EOF\n").utf8) }
        if chance(4), !text.isEmpty { text.removeLast() }
        return Array(text.utf8)
    }

    mutating func pool() -> [String] { (0..<24).map { _ in series() } }

    private mutating func series() -> String {
        let blank = isOpenMetrics ? "" : pick(["", "", "", " ", "\t"])
        let isQuoted = chance(8)
        let name = isQuoted ? pick(["my.m", "m 1", "ü"]) : pick(["m1", "m2", "m3_total", "x:y", "z"])
        var parts = isQuoted ? ["\"\(name)\""] : []
        var names = ["a", "b", "job", "instance", "exported_job", "le", "quantile", "__x", "\"x.y\"", "\"a b\""]
        for _ in 0..<pick([0, 0, 1, 2, 3, 5]) {
            let label = names.remove(at: Int.random(in: 0..<names.count, using: &random))
            let value = pick(["", "1", "2", "v", "j", "i:1", "a\\\"b", "x\\\\", "\\n", "q\\t", "ä", "}", ",", "# {"])
            parts.append("\(label)\(blank)=\(blank)\"\(value)\"")
        }
        if chance(20), let last = parts.last, !isQuoted { parts.append(last) }
        let end = !parts.isEmpty && chance(10) ? "," : ""
        if parts.isEmpty { return name + (chance(5) ? "{}" : "") + " " }
        let labels = "{\(blank)" + parts.joined(separator: ",\(blank)") + end + "}"
        return (isQuoted ? "" : name + blank) + labels + (isOpenMetrics ? " " : pick([" ", " ", "", "  "]))
    }

    private mutating func tail() -> String {
        let value = pick(["1", "0", "-2.5e-05", "NaN", "+Inf", "1.5E+10", "123456789012", "inf", "+1", ".5"])
        guard isOpenMetrics else { return value + pick(["", "", "", " 1234", "  99 ", " "]) }
        return value + pick(["", "", "", " 12.5", " 7", " # {a=\"b\"} 1", " 1e3 # {} 0.5 12"])
    }
}
