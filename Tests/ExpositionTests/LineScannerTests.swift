import Exposition
import Testing

/// A line and the parts it is expected to have.
struct SampleCase: Sendable, CustomTestStringConvertible {
    var line: String
    var series: String
    var value: String
    var timestamp = ""
    var exemplar = ""
    var testDescription: String { line.debugDescription }

    init(_ line: String, _ series: String, _ value: String, _ timestamp: String = "", exemplar: String = "") {
        self.line = line
        self.series = series
        self.value = value
        self.timestamp = timestamp
        self.exemplar = exemplar
    }

    static let everyFormat: [SampleCase] = [
        .init("a 1", "a", "1"),
        .init("a{} 1", "a{}", "1"),
        .init("a{b=\"1\"} 1", "a{b=\"1\"}", "1"),
        .init("  a 1", "a", "1"),
        .init("a 1  \t", "a", "1"),
        .init("a 1 2 ", "a", "1", "2"),
        .init("a\t{ b = \"1\" ,\t}\t1\t2", "a\t{ b = \"1\" ,\t}", "1", "2"),
        .init("a{b=\"1\"}1", "a{b=\"1\"}", "1"),
        .init("a+1", "a", "+1"),
        .init("a{b=\"1\",} 1", "a{b=\"1\",}", "1"),
        .init("a{,b=\"1\"} 1", "a{,b=\"1\"}", "1"),
        .init("a{b=\"1\"c=\"2\"} 1", "a{b=\"1\"c=\"2\"}", "1"),
        .init("a{b:c=\"1\"} 1", "a{b:c=\"1\"}", "1"),
        .init("a:b 1", "a:b", "1"),
        .init("HELP 1", "HELP", "1"),
        .init("a{b=\"}\"} 1", "a{b=\"}\"}", "1"),
        .init("a{b=\" # {\",c=\"x} 2 3\"} 1", "a{b=\" # {\",c=\"x} 2 3\"}", "1"),
        .init("a{b=\"\\\"\\\\\\n\\t\"} 1", "a{b=\"\\\"\\\\\\n\\t\"}", "1"),
        .init("a{b=\"\\\\\"} 1", "a{b=\"\\\\\"}", "1"),
        .init("a{b=\"\0é\"} 1", "a{b=\"\0é\"}", "1"),
        .init("{\"my.metric\",\"label.x\"=\"v\"} 1", "{\"my.metric\",\"label.x\"=\"v\"}", "1"),
        .init("{b=\"1\",\"my.metric\"} 1", "{b=\"1\",\"my.metric\"}", "1"),
        .init("a 1 -5", "a", "1", "-5"),
        .init("a 1 +5", "a", "1", "+5"),
        .init("a 1 1.5e9", "a", "1", "1.5e9"),
        .init("a 1 99999999999999999999", "a", "1", "99999999999999999999"),
        .init("a 1 2\r", "a", "1", "2"),
        .init("a 1\r", "a", "1"),
        .init("a NaN", "a", "NaN"), .init("a nan", "a", "nan"), .init("a +Inf", "a", "+Inf"),
        .init("a -inf", "a", "-inf"), .init("a Infinity", "a", "Infinity"), .init("a 1.", "a", "1."),
        .init("a .5", "a", ".5"), .init("a 1e400", "a", "1e400"), .init("a -0", "a", "-0"),
        .init("a 5E-324", "a", "5E-324"),
        .init("a 000000000000000000000000000000000000000001", "a", "000000000000000000000000000000000000000001"),
        .init("a_total 1 # {x=\"y\"} 2", "a_total", "1", exemplar: "# {x=\"y\"} 2"),
        .init("a_total 1 3.5 # {x=\" # \"} 2 4.5 ", "a_total", "1", "3.5", exemplar: "# {x=\" # \"} 2 4.5"),
        .init("a_total 1 # {} 2", "a_total", "1", exemplar: "# {} 2"),
        .init("a 1 # {x=\"y\"} 2 3 # {} 4 5", "a", "1", exemplar: "# {x=\"y\"} 2 3 # {} 4 5"),
    ]

    static let notSamples: [String] = [
        "a", "a ", "a{", "a{}", "a{b=\"1\"}", "a 1 2 3", "a 1 x", "a 1 2x", "a x", "1 1", "a1", "é 1", "my.metric 1",
        "{} 1", "{b=\"1\"} 1", "a{\"b\"} 1", "{\"a\",\"b\"} 1", "a{b=\"1\",,c=\"2\"} 1", "a{b='1'} 1", "a{1b=\"1\"} 1",
        "a{b} 1", "a{b=} 1", "a{b=1} 1", "a{b=\"1} 1", "a{b=\"1\"", "a{b=\"1\"} ", "a\"x\" 1", "a 0x10", "a 0x1p-3",
        "a 1_000", "a .", "a +", "a -NaN", "a 1e", "a 1e+", "a 1 1e", "a infinit", "a 1\0", "\0a 1", "a 1\r2",
        "\u{FEFF}a 1", "<html>", "<p>a 1</p>", "a 1 # comment", "a 1 #", "a 1 # {x=\"y\"}", "a 1 # {x=\"y\"} z",
        "a 1 # {x=\"y} 2", "a 1 # {\"x\"} 2", "a 1 # {x=\"y\"} 2 3 4", "a {count:1,sum:2}", "a 1 2 st@3", "a 1 {",
    ]
}

@Suite("The line scanner")
struct LineScannerTests {
    @Test("finds the parts of a sample", arguments: SampleCase.everyFormat, [ContentType.text, .openMetrics, .other])
    func parts(sample: SampleCase, format: ContentType) throws {
        for ending in ["", "\n", "\nb 2\n"] {
            let body = Array((sample.line + ending).utf8)
            let line = try #require(lines(of: body, format: format).first)
            #expect(line.kind == .sample)
            #expect(text(body[line.content]) == sample.line)
            #expect(text(body[line.series]) == sample.series)
            #expect(text(body[line.value]) == sample.value)
            #expect(text(body[line.timestamp]) == sample.timestamp)
            #expect(text(body[line.exemplar]) == sample.exemplar)
            #expect(line.isTerminated == !ending.isEmpty)
        }
    }

    @Test("takes nothing for a sample that no reader takes", arguments: SampleCase.notSamples)
    func noSample(line: String) {
        for format in [ContentType.text, .openMetrics] {
            #expect(lines(of: Array(line.utf8), format: format).map(\.kind) == [.other])
            let kinds = lines(of: Array("b 1\n\(line)\nc 2".utf8), format: format).map(\.kind)
            #expect(kinds == [.sample, .other, .sample])
        }
    }

    @Test func `tells blanks, comments and the end`() {
        let body = Array("\n \t\n\r\n# HELP a b\n  #x\n# EOF\r\n# EOF \n#EOF\n# EOF".utf8)
        #expect(
            lines(of: body, format: .openMetrics).map(\.kind)
                == [.blank, .blank, .blank, .comment, .comment, .end, .comment, .comment, .end])
        #expect(lines(of: body, format: .text).allSatisfy { $0.kind != .end })
    }

    @Test func `a raw line feed in a label value continues the sample in text only`() {
        let body = Array("a{b=\"x\ny # 1\n\"} 1 2\nc 3\n".utf8)
        let found = lines(of: body, format: .text)
        #expect(found.map(\.kind) == [.sample, .sample])
        #expect(found.first.map { text(body[$0.series]) } == "a{b=\"x\ny # 1\n\"}")
        #expect(
            lines(of: body, format: .openMetrics).map(\.kind) == [.other, .other, .other, .sample])
    }

    @Test func `a quote that is never closed costs one line`() {
        let body = Array("a{b=\"x 1\nc 2\nd{e=\"f\"} 3\n".utf8)
        #expect(lines(of: body, format: .text).map(\.kind) == [.other, .sample, .sample])
    }

    @Test func `hostile quotes are scanned in linear time`() {
        // Each line opens what the next one closes; a scanner that starts over would need hours for this.
        for unit in ["a{b=\"\n", "a{b=\"\nx\nx\nx\n", "a{b=\"x\\\"\n", "{\"\n", "a{b=\"c\" \n\"\n"] {
            let body = Array(String(repeating: unit, count: 200_000).utf8)
            #expect(lines(of: body, format: .text).last?.next == body.count)
        }
        let open = Array(("a{b=\"" + String(repeating: "x{y=\"\",z=\"\"\n", count: 200_000)).utf8)
        #expect(lines(of: open, format: .text).last?.next == open.count)
    }

    @Test func `an empty body has no lines`() {
        #expect(lines(of: [], format: .text).isEmpty)
        #expect(LineScanner.countSamples(in: UnsafeRawBufferPointer(start: nil, count: 0), format: .text) == 0)
    }

    @Test("counts the samples of recorded bodies", arguments: RecordedBody.all)
    func count(body: RecordedBody) {
        let expected = text(body.bytes).split(separator: "\n").filter { !$0.hasPrefix("#") }.count
        #expect(expected > 100)
        #expect(LineScanner.countSamples(in: body.bytes.span, format: .text) == expected)
        body.bytes.withUnsafeBytes {
            #expect(LineScanner.countSamples(in: $0, format: .other) == expected)
            #expect(LineScanner.countSamples(in: $0, format: .protobuf) == nil)
        }
    }
}
