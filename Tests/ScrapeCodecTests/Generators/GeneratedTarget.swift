import NIOCore
import TestSupport

/// A target that is being scraped: series come, go and change places, values move and change their form.
struct GeneratedTarget {
    private struct Line {
        var text: String
        var value: GeneratedValue?
        var token = ""
        var rest = ""
    }

    private var lines: [Line] = []
    /// The other body of a target that flips between two.
    private var other: [Line]?
    private var usesCRLF = false
    private var lacksFinalFeed = false
    private let isOpenMetrics: Bool
    private let longest: Int
    private var born = 0

    init(longest: Int, using random: inout SeededGenerator) {
        self.longest = longest
        isOpenMetrics = random.once(in: 3)
        for _ in 0..<1 + random.below(longest) { lines.append(line(using: &random)) }
        usesCRLF = random.once(in: 24)
        lacksFinalFeed = random.once(in: 12)
    }

    var contentType: String {
        isOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4"
    }

    func body() -> ByteBuffer {
        var body: [UInt8] = []
        for line in lines {
            body += line.text.utf8
            body += line.token.utf8
            body += line.rest.utf8
            if usesCRLF { body.append(0x0D) }
            body.append(0x0A)
        }
        if isOpenMetrics { body += Array("# EOF\n".utf8) }
        if lacksFinalFeed { _ = body.popLast() }
        return ByteBuffer(bytes: body)
    }

    private mutating func line(using random: inout SeededGenerator) -> Line {
        born += 1
        let name = random.element(of: ["a", "up", "http_requests_total", "go_gc_duration_seconds", "ns:rule"])
        switch random.below(12) {
        case 0: return Line(text: "# HELP \(name) what \(born) means")
        case 1: return Line(text: "# TYPE \(name) \(random.element(of: ["counter", "gauge", "untyped"]))")
        case 2 where random.once(in: 4): return Line(text: random.element(of: ["", " ", "\t#", "garbage", "a{", "\0"]))
        default: break
        }
        let labels = random.element(of: [
            "", "{}", "{i=\"\(born)\"}", "{i=\"\(born)\",}", "{ i = \"\(random.below(4))\" }", "{i=\"\(born) } # 1\"}",
            "{i=\"\(random.below(9))\",le=\"+Inf\"}", "{i=\"raw\nfeed \(random.below(3))\"}", "{i=\"ü\\\"\\\\\"}",
        ])
        let blank = random.once(in: 20) ? random.element(of: ["  ", "\t", " \t"]) : " "
        var line = Line(text: name + labels + blank, value: GeneratedValue(using: &random))
        if random.once(in: 6) { line.rest = rest(using: &random) }
        line.token = line.value?.text(using: &random) ?? ""
        return line
    }

    private func rest(using random: inout SeededGenerator) -> String {
        switch random.below(6) {
        case 0...2: return " \(1_700_000_000_000 + random.below(5) * 15_000)"
        case 3: return " 1700000000.\(random.below(1000))"
        case 4: return " # {trace_id=\"\(random.below(100))\"} \(random.below(9)).5 1700000000.5"
        default: return random.element(of: [" ", "\t", " -0", " NaN", " 1 1", "  1700000000000", " # {} 1", " +5"])
        }
    }

    /// What happens between two scrapes.
    mutating func change(using random: inout SeededGenerator) {
        for index in lines.indices where random.once(in: 3) {
            lines[index].value?.move(using: &random)
            if let token = lines[index].value?.text(using: &random) { lines[index].token = token }
            if !lines[index].rest.isEmpty { lines[index].rest = rest(using: &random) }
        }
        for _ in 0..<random.below(3) { churn(using: &random) }
    }

    private mutating func churn(using random: inout SeededGenerator) {
        let count = lines.count
        let index = random.below(count)
        switch random.below(14) {
        case 0...2 where count < longest * 2: lines.insert(line(using: &random), at: random.below(count + 1))
        case 3...4 where count > 0: lines.remove(at: index)
        case 5 where count > 0: lines.swapAt(index, random.below(count))
        case 6 where count > 0 && count < longest * 2: lines.insert(lines[index], at: random.below(count + 1))
        case 7 where count > 1:
            let block = Array(lines[index...].prefix(1 + random.below(4)))
            lines.removeSubrange(index..<index + block.count)
            lines.insert(contentsOf: block, at: random.below(lines.count + 1))
        case 8 where count > 0: lines[index].text = line(using: &random).text
        case 9:
            let mine = lines
            lines = other ?? [line(using: &random)]
            other = mine
        case 10: usesCRLF = random.once(in: 8)
        case 11: lacksFinalFeed = random.once(in: 3)
        case 12 where random.once(in: 4): lines.reverse()
        case 13 where random.once(in: 8): lines.removeAll()
        default: break
        }
    }
}
