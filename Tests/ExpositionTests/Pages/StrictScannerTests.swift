import TestSupport
import Testing

@testable import Exposition

/// What is let on a page: the verdicts are those of Prometheus 2.42, each line scraped by one once, and for what only
/// Prometheus 3 takes, those of its source.
@Suite struct StrictScannerTests {
    private enum Verdict { case taken, refused, takenByThree }

    private static let texts: [(String, Verdict)] = [
        ("a 1", .taken), ("a 1\n", .taken), ("", .taken), ("\n\n", .taken), ("a 1\n   ", .taken), ("a+1\n", .taken),
        ("a{b=\"1\"}1\n", .taken), ("a\t1\t2\t\n", .taken), ("a {b=\"1\",} 1 \n", .taken), ("a{} 1\n", .taken),
        ("a{b=\"x\"c=\"y\"} 1\n", .taken), ("a{b=\"x\ny\"} 1\n", .taken), ("a{b=\"\\t}\"} 1\n", .taken),
        ("a{b=\"x\0y\"} 1\n", .taken), ("a{b=\"x\\\0\"y\"} 1\n", .taken), (":a:b 1\n", .taken), ("HELP 1\n", .taken),
        ("a nan\na INF\na +Inf\na .5\na 1.\na +1\n", .taken), ("a 1\n#x\0y\n}}}\n", .taken), ("a 1\n#", .taken),
        ("  # HELP a b\na 1\n", .taken), ("# HELP a\na 1\n", .taken), ("# HELP a \\\"\n", .taken),
        ("#TYPE a foo\n# TYPE\n#\tTYPE  a\tgauge\n", .taken), ("# a \u{FF}\n", .taken),
        ("# TYPE a counter\n# TYPE a gauge\na 1\na 1\n# HELP a b\n", .taken), ("# EOF\na 1\n", .taken),
        ("  a 1\n", .refused), ("\ta 1\n", .refused), ("a 1\r\n", .refused), ("\r\n", .refused),
        ("a{b:c=\"x\"} 1\n", .refused), ("a{,b=\"1\"} 1\n", .refused), ("a{b=\"1\",,c=\"1\"} 1\n", .refused),
        ("a{b='1'} 1\n", .refused), ("a{1b=\"1\"} 1\n", .refused), ("1a 1\n", .refused),
        ("a{b=\"1\",b=\"2\"} 1\n", .refused),
        ("a{__name__=\"x\"} 1\n", .refused), ("a{b=\"x\\\ny\"} 1\n", .refused), ("a{b=\"1\"\n} 1\n", .refused),
        ("a\n", .refused), ("a{b=\"1} 1\n", .refused), ("a{b=\"1\" 1\n", .refused), ("a 1{\n", .refused),
        ("a 1 1a\n", .refused), ("a 1 1 2\n", .refused), ("a 1 -1\n", .refused), ("a 1 +5\n", .refused),
        ("a 1 1.5\n", .refused), ("a 1 99999999999999999999\n", .refused), ("a 1e400\n", .refused),
        ("a 0x1p-3\n", .refused), ("a 1_000\n", .refused), ("a .\n", .refused), ("a 1\0\n", .refused),
        ("a 1 # {b=\"c\"} 1\n", .refused), ("# TYPE a counter \n", .refused), ("# TYPE a unknown\n", .refused),
        ("# TYPE a\n", .refused), ("# TYPE a  counter\n", .refused), ("# HELP 1a b\n", .refused),
        ("# HELP \n", .refused),
        ("a 1\n# x\0y\n}}}\n", .refused), ("a 1\n# x\0y\nb 1\n", .taken), ("\u{FEFF}a 1\n", .refused),
        ("<html>\n", .refused), ("{} 1\n", .refused),
        ("{b=\"1\"} 1\n", .refused), ("{\"a\" 1\n", .refused), ("{\"a\",\"b\"} 1\n", .refused),
        ("a{\"b\"} 1\n", .refused),
        ("{\"\"} 1\n", .refused), ("{\"a\",\"b\"=\"1\",b=\"2\"} 1\n", .refused),
        ("{\"a\",\"__name__\"=\"1\"} 1\n", .refused),
        ("{\"a\",\"b\\n\"=\"1\",\"b\\n\"=\"2\"} 1\n", .refused),
        ("{\"a.b\",\"c.d\"=\"1\",e=\"2\"} 1\n", .takenByThree), ("{\"a\"} 1\n", .takenByThree),
        ("# TYPE \"a.b\" counter\n{ \"a.b\" , } 1\n", .takenByThree), ("a{\"b.c\"=\"1\"} 1\n", .takenByThree),
        ("{c=\"1\",\"a.b\"} 1\n", .takenByThree),
    ]

    private static let openMetrics: [(String, Verdict)] = [
        ("# EOF", .taken), ("# EOF\n", .taken), ("a 1\n# EOF", .taken), ("a{} 1\n# EOF\n", .taken),
        ("a{b=\"c\",d=\"e\"} 1 1e3\n# EOF\n", .taken), ("a 1 -1.5\n# EOF\n", .taken),
        ("a_total 1\n# HELP a b\n# EOF\n", .taken),
        ("# TYPE a info\n# UNIT a \n# HELP a \\\"\n# EOF\n", .taken), ("# UNIT a_seconds seconds\n# EOF\n", .taken),
        ("a_total 1 # {b=\"1\",b=\"2\"} 1\n# EOF\n", .taken), ("a_bucket 1 5 # {} 1 1.5\n# EOF\n", .taken),
        ("a{b=\"x\0y\"} 1\n# HELP a \0\n# EOF\n", .taken), ("a 1 1e300\n# EOF\n", .taken),
        ("# HELP a \n# EOF\n", .taken),
        ("a 1\n", .refused), ("a 1", .refused), ("a 1\n# EOF\n\n", .refused), ("# EOF\na 1\n", .refused),
        (" ", .refused),
        ("# EOF \n", .refused), ("a 1\r\n# EOF\n", .refused), ("\n# EOF\n", .refused), ("# x\n# EOF\n", .refused),
        ("a  1\n# EOF\n", .refused), ("a\t1\n# EOF\n", .refused), ("a 1 \n# EOF\n", .refused),
        ("a 1\t\n# EOF\n", .refused),
        ("a{,b=\"1\"} 1\n# EOF\n", .refused), ("a{b=\"1\"c=\"2\"} 1\n# EOF\n", .refused),
        ("a{b=\"1\", c=\"2\"} 1\n# EOF\n", .refused), ("a {b=\"1\"} 1\n# EOF\n", .refused),
        ("a{b=\"1\"}1\n# EOF\n", .refused),
        ("a{b=\"1\n\"} 1\n# EOF\n", .refused), ("a{b=\"1\",b=\"1\"} 1\n# EOF\n", .refused),
        ("a 1 NaN\n# EOF\n", .refused),
        ("a 1 Inf\n# EOF\n", .refused), ("a 1 1 2\n# EOF\n", .refused), ("# HELP a\n# EOF\n", .refused),
        ("# TYPE a untyped\n# EOF\n", .refused), ("# UNIT seconds seconds\n# EOF\n", .refused),
        ("# UNIT a_seconds s\n# EOF\n", .refused), ("a_total 1 # {b=\"1\"} 1 # {b=\"1\"} 1\n# EOF\n", .refused),
        ("a_total 1 # {,b=\"1\"} 1\n# EOF\n", .refused), ("a_total 1 # {b=\"1\"}\n# EOF\n", .refused),
        ("a_total 1 # {b=\"1\"} 1 NaN\n# EOF\n", .refused), ("a_total 1 # {\"b\"} 1\n# EOF\n", .refused),
        ("a{b=\"1\",,} 1\n# EOF\n", .refused), ("a{,} 1\n# EOF\n", .refused),
        ("a{b=\"1\",} 1\n# EOF\n", .takenByThree), ("a 1 # {b=\"1\"} 1\n# EOF\n", .takenByThree),
        ("{\"a.b\",\"c.d\"=\"1\"} 1\n# EOF\n", .takenByThree), ("# TYPE \"a.b\" counter\n# EOF\n", .takenByThree),
    ]

    private static func isTaken(_ body: [UInt8], _ format: ContentType, _ grammar: PrometheusGrammar) -> Bool {
        var page = HistoryPage(format: format, grammar: grammar, now: 1_700_000_000_000)
        return body.withUnsafeBytes { page.add($0, milliseconds: 1_600_000_000_000) }
    }

    private func check(_ cases: [(String, Verdict)], _ format: ContentType) {
        for (body, verdict) in cases {
            let bytes = Array(body.utf8)
            #expect(Self.isTaken(bytes, format, .classic) == (verdict == .taken), "\(body.debugDescription)")
            #expect(Self.isTaken(bytes, format, .utf8) == (verdict != .refused), "\(body.debugDescription)")
        }
    }

    @Test func `text is taken as Prometheus takes it`() { check(Self.texts, .text) }

    @Test func `OpenMetrics is taken as Prometheus takes it`() { check(Self.openMetrics, .openMetrics) }

    @Test func `bytes that are no UTF-8 are refused where Prometheus looks at them`() {
        for (body, isTaken) in [("a{b=\"?\"} 1\n", false), ("# HELP a ?\n", false), ("# a ?\n", true)] {
            for bytes in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]] {
                let body = Array(body.utf8).flatMap { $0 == UInt8(ascii: "?") ? bytes : [$0] }
                #expect(Self.isTaken(body, .text, .classic) == isTaken)
            }
        }
    }

    @Test func `a label set of many thousand names is read in no time`() {
        let many = (0..<60_000).map { "l\($0)=\"\"" }.joined(separator: ",")
        #expect(Self.isTaken(Array("a{\(many)} 1\n".utf8), .text, .classic))
        #expect(!Self.isTaken(Array("a{\(many),l7=\"\"} 1\n".utf8), .text, .classic))
    }

    @Test func `a reader that names text formats and no escaping is an old Prometheus`() {
        #expect(PrometheusGrammar(accept: []) == .utf8)
        #expect(PrometheusGrammar(accept: ["*/*"]) == .utf8)
        #expect(PrometheusGrammar(accept: ["application/openmetrics-text;version=1.0.0,*/*;q=0.1"]) == .classic)
        #expect(PrometheusGrammar(accept: ["text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6"]) == .utf8)
    }

    @Test("any bytes make a page that is taken again whole", arguments: 1...20 as ClosedRange<UInt64>)
    func anyBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<300 {
            for format in [ContentType.text, .openMetrics] {
                for grammar in [PrometheusGrammar.classic, .utf8] {
                    var page = HistoryPage(format: format, grammar: grammar, now: 1_700_000_000_000)
                    var samples = 0
                    for round in 0..<3 as Range<Int64> {
                        var body = RandomBody.soup(&generator)
                        if format == .openMetrics { body += Array("\n# EOF\n".utf8) }
                        let isTaken = body.withUnsafeBytes { page.add($0, milliseconds: 1_600_000_000_000 + round) }
                        guard isTaken else { continue }
                        taken += 1
                        samples += LineScanner.countSamples(in: body.span, format: format) ?? 0
                    }
                    let bytes = page.finish()
                    #expect(Self.isTaken(bytes, format, grammar), "seed \(seed): \(text(bytes).debugDescription)")
                    let written = LineScanner.countSamples(in: bytes.span, format: format) ?? 0
                    #expect(written <= samples, "seed \(seed)")
                }
            }
        }
        #expect(taken > 0)
    }
}
