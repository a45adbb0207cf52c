import Exposition
import Foundation
import TestSupport
import Testing

@Suite("Timestamps on samples")
struct SampleTimestampsTests {
    @Test(
        "go behind the value of samples without one, in text as milliseconds",
        arguments: [
            ("", ""),
            ("a 1\n", "a 1 1700000000123\n"),
            ("a 1", "a 1 1700000000123"),
            ("a{b=\"c\"} 1\nd 2", "a{b=\"c\"} 1 1700000000123\nd 2 1700000000123"),
            ("a 1 5\n", "a 1 5\n"),
            ("a 1 -5\n", "a 1 -5\n"),
            ("a 1  \n", "a 1 1700000000123  \n"),
            ("a 1\r\nb 2 3\r\n", "a 1 1700000000123\r\nb 2 3\r\n"),
            ("# HELP a 1\n# TYPE a gauge\na 1\n", "# HELP a 1\n# TYPE a gauge\na 1 1700000000123\n"),
            ("# EOF\na 1\n", "# EOF\na 1 1700000000123\n"),
            ("a{b=\"} 1\",c=\"\\\" # {\"} 2\n", "a{b=\"} 1\",c=\"\\\" # {\"} 2 1700000000123\n"),
            ("a{b=\"x\ny 1\n\"} 2\n", "a{b=\"x\ny 1\n\"} 2 1700000000123\n"),
            ("a 1 # {x=\"y\"} 2\n", "a 1 1700000000123 # {x=\"y\"} 2\n"),
            ("<html>\n<body>a 1\n\n", "<html>\n<body>a 1\n\n"),
            ("Hello world\n{\"a\": 1}\n", "Hello world\n{\"a\": 1}\n"),
            ("a 1\na{b=\"open 2\nc 3\n", "a 1 1700000000123\na{b=\"open 2\nc 3 1700000000123\n"),
        ])
    func inText(body: String, expected: String) {
        for format in [ContentType.text, .other] {
            #expect(text(stamped(Array(body.utf8), format: format, milliseconds: 1_700_000_000_123)) == expected)
        }
    }

    @Test(
        "go before exemplars and never on the end, in OpenMetrics as seconds",
        arguments: [
            ("a 1\n# EOF\n", "a 1 1700000000.123\n# EOF\n"),
            ("a 1\n# EOF", "a 1 1700000000.123\n# EOF"),
            ("a_total 1 # {x=\"y\"} 2 3\n# EOF\n", "a_total 1 1700000000.123 # {x=\"y\"} 2 3\n# EOF\n"),
            ("a_total 1 1.5 # {x=\"y\"} 2 3\n", "a_total 1 1.5 # {x=\"y\"} 2 3\n"),
            ("a{b=\" # {\"} 1 # {x=\" # \"} 2\n", "a{b=\" # {\"} 1 1700000000.123 # {x=\" # \"} 2\n"),
            ("a 1 1e9\na NaN\n", "a 1 1e9\na NaN 1700000000.123\n"),
            ("a 1 2 st@1\n", "a 1 2 st@1\n"),
            ("a {count:1,sum:2}\n", "a {count:1,sum:2}\n"),
        ])
    func inOpenMetrics(body: String, expected: String) {
        #expect(text(stamped(Array(body.utf8), format: .openMetrics, milliseconds: 1_700_000_000_123)) == expected)
    }

    @Test func `times before 1970 are the epoch in text, which knows none, and negative in OpenMetrics`() {
        #expect(text(stamped(Array("a 1".utf8), format: .text, milliseconds: -1)) == "a 1 0")
        #expect(text(stamped(Array("a 1".utf8), format: .openMetrics, milliseconds: -1)) == "a 1 -0.001")
    }

    @Test func `the ends of the range of times are written`() {
        #expect(text(stamped(Array("a 1".utf8), format: .text, milliseconds: .max)) == "a 1 9223372036854775807")
        #expect(
            text(stamped(Array("a 1".utf8), format: .openMetrics, milliseconds: .max)) == "a 1 9223372036854775.807")
        #expect(
            text(stamped(Array("a 1".utf8), format: .openMetrics, milliseconds: .min)) == "a 1 -9223372036854775.808")
    }

    @Test("in seconds are the same millisecond to a reader that cuts and to one that rounds", arguments: [1, 2, 3])
    func seconds(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let time = Int64.random(in: -1_000_000...4_000_000_000_000, using: &generator)
            let copy = text(stamped(Array("a 1".utf8), format: .openMetrics, milliseconds: time))
            let seconds = try #require(Double(copy.dropFirst("a 1 ".count)))
            #expect(Int64(seconds * 1000) == time, "seed \(seed): \(copy)")
            #expect(Int64((seconds * 1000).rounded()) == time, "seed \(seed): \(copy)")
        }
    }

    @Test func `are appended to what the output already holds`() {
        var output = Array("x".utf8)
        SampleTimestamps.stamp("a 1\n".utf8.reversed().reversed(), format: .text, milliseconds: 7, into: &output)
        SampleTimestamps.stamp(Data("b 2\n".utf8), format: .text, milliseconds: 8, into: &output)
        #expect(text(output) == "xa 1 7\nb 2 8\n")
    }

    @Test("stand once on every sample of recorded bodies, and nothing else changes", arguments: RecordedBody.all)
    func recorded(body: RecordedBody) {
        let copy = stamped(body.bytes, format: .text, milliseconds: 1_700_000_000_123)
        let before = text(body.bytes).split(separator: "\n", omittingEmptySubsequences: false)
        let after = text(copy).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(before.count == after.count)
        for (before, after) in zip(before, after) {
            let isSample = !before.isEmpty && !before.hasPrefix("#")
            #expect(after == (isSample ? before + " 1700000000123" : before))
        }
    }

    @Test(
        "do not change what promtool says of recorded bodies",
        .enabled(if: Promtool.isInstalled, "promtool is missing; Debian has it in the package prometheus"),
        arguments: RecordedBody.all)
    func promtool(body: RecordedBody) throws {
        let before = try Promtool.check(body.bytes)
        let after = try Promtool.check(stamped(body.bytes, format: .text, milliseconds: 1_700_000_000_123))
        #expect(before.status == 0 || before.status == 3)
        #expect(after == before)
    }
}
