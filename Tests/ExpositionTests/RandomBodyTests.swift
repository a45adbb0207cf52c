import Exposition
import TestSupport
import Testing

/// Makes bodies nobody would send.
struct RandomBody {
    private static let fragments: [String] = [
        "a", "b_total", "{", "}", "\"", "\\", "\\\"", "\\n", "=", ",", " ", "\t", "\n", "\n", "\r\n", "\r", "#",
        "# EOF",
        "# EOF\n", "# HELP a b", "# TYPE a counter", "1", "1.5", "-3", "+Inf", "NaN", "1e", "0x1", "{b=\"c\"}",
        "a{b=\"c\"} 1", "a{b=\"c\"} 1 2", "a 1\n", " # {t=\"u\"} 1", " # {t=\"u\"} 1 2", "{\"a.b\",c=\"d\"} 1\n", "\0",
        "é",
        "\u{FEFF}", "<html>",
    ]

    /// Fragments of the grammar in any order, now and then a random byte.
    static func soup(_ generator: inout SeededGenerator) -> [UInt8] {
        var body: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<60, using: &generator) {
            if Int.random(in: 0..<12, using: &generator) == 0 {
                body.append(UInt8.random(in: 0...255, using: &generator))
            } else {
                body.append(contentsOf: (fragments.randomElement(using: &generator) ?? "").utf8)
            }
        }
        return body
    }

    static func noise(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0..<300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}

@Suite("Any bytes")
struct RandomBodyTests {
    @Test(
        "are scanned into lines that cover them, and stamped on samples only", arguments: 1...40 as ClosedRange<UInt64>)
    func anyBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<150 {
            let body = round % 5 == 0 ? RandomBody.noise(&generator) : RandomBody.soup(&generator)
            for format in [ContentType.text, .openMetrics] {
                let found = lines(of: body, format: format)
                guard check(found, cover: body) else {
                    Issue.record("seed \(seed), round \(round), \(format): lines do not cover \(text(body))")
                    return
                }
                let time: [UInt8] = Array((format == .text ? " 1700000000123" : " 1700000000.123").utf8)
                let expected = found.reduce(into: [UInt8]()) { expected, line in
                    let end =
                        line.kind == .sample && line.timestamp.isEmpty ? line.value.upperBound : line.content.lowerBound
                    expected += body[line.content.lowerBound..<end]
                    if end > line.content.lowerBound { expected += time }
                    expected += body[end..<line.next]
                }
                let copy = stamped(body, format: format, milliseconds: 1_700_000_000_123)
                #expect(copy == expected, "seed \(seed), round \(round), \(format): \(text(body).debugDescription)")
                // Every sample has a time now, so a second stamp finds nothing to do.
                #expect(
                    stamped(copy, format: format, milliseconds: 5) == copy,
                    "seed \(seed), round \(round), \(format): \(text(body).debugDescription)")
            }
            #expect(stamped(body, format: .protobuf, milliseconds: 5) == body)
        }
    }

    /// Whether the lines are the body without gap or overlap, and their parts lie inside them, in order.
    private func check(_ lines: [ScannedLine], cover body: [UInt8]) -> Bool {
        var position = 0
        for line in lines {
            guard line.content.lowerBound == position, line.next > position else { return false }
            guard line.next == line.content.upperBound || body[line.content.upperBound] == 0x0A else { return false }
            if line.kind == .sample {
                let ends = [
                    line.content.lowerBound, line.series.lowerBound, line.series.upperBound, line.value.lowerBound,
                    line.value.upperBound, line.timestamp.lowerBound, line.timestamp.upperBound,
                    line.exemplar.lowerBound, line.exemplar.upperBound, line.content.upperBound,
                ]
                guard ends == ends.sorted(), !line.series.isEmpty, !line.value.isEmpty else { return false }
            }
            position = line.next
        }
        return position == body.count
    }
}
