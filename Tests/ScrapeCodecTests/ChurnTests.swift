import NIOCore
import ScrapeCodec
import TestSupport
import Testing

/// Series that come, go and move, values that change their form: it comes back, and costs what changed.
@Suite struct ChurnTests {
    private func exposition(_ numbers: some Sequence<Int>, values: (Int) -> Int = { $0 }) -> String {
        numbers.map { "requests_total{code=\"200\",path=\"/\($0)\"} \(values($0))\n" }.joined()
    }

    /// Sends bodies in turn and gives the sizes of what they became, lines included.
    private func sizes(_ bodies: [String], limits: CodecLimits = CodecLimits()) -> [Int] {
        var laws = CodecLaws(limits: limits)
        return bodies.enumerated().map { index, body in
            let broken = laws.broken(by: .make(body), of: 1)
            #expect(broken == nil, "scrape \(index): \(body.prefix(2000).debugDescription)")
            return (laws.encoded?.payload.readableBytes ?? 0) + (laws.encoded?.lines.readableBytes ?? 0)
        }
    }

    @Test func `a label set that grows by one line in the middle of 5,000 costs one line`() {
        let before = exposition(0..<5000)
        let after = exposition(0..<2500) + "requests_total{code=\"500\",path=\"/new\"} 1\n" + exposition(2500..<5000)
        let sizes = sizes([before, before, after, after, before])
        // A field that stays costs less than a bit.
        #expect(sizes[1] < 200)
        #expect(sizes[2] < sizes[1] + 100)
        #expect(sizes[4] < sizes[1] + 20)
    }

    @Test func `lines that go, move or come twice cost little`() {
        let all = exposition(0..<300)
        let fewer = exposition((0..<300).filter { $0 % 50 != 0 })
        let moved = exposition(100..<300) + exposition(0..<100)
        let twice = all + exposition(10..<13)
        let backwards = exposition((0..<300).reversed())
        let sizes = sizes([all, fewer, all, moved, twice, backwards, all])
        #expect(sizes[1] < 60 && sizes[2] < 120 && sizes[3] < 60 && sizes[4] < 120)
    }

    @Test func `a target that flips between two bodies comes back`() {
        let one = exposition(0..<50)
        let two = "# HELP other what\n" + exposition(40..<90)
        _ = sizes([one, two, one, two, "", two, one])
    }

    @Test func `a value may take any form after any other`() {
        let forms = ["1", "1.5", "1e+06", "NaN", "+Inf", "0x1", "-Inf", "1.50e+06", "1.0E7", "0.0", "-0", "12.50"]
        for first in forms {
            for second in forms {
                let bodies = [first, second, second, first].map { "a \($0)\nb 1\nc \($0) 1700000000000\nd \($0)" }
                _ = sizes(bodies)
            }
        }
    }

    @Test func `texts of two fields are never mixed up after numbers that no program writes`() {
        _ = sizes([
            "a 1.50e+06\nb 1\nc 1\n", "a 2.50e+06\nb 1\nc 1\n", "a 3.50e+06\nb 1\nc 1\n",
            "a 3.50e+06\nb foo\nc bar\n", "a 3.50e+06\nb bar\nc bar\n", "a 3.50e+06\nb bar\nc foo\n",
        ])
    }

    @Test func `odd values of every kind come back one after another in one field`() {
        var laws = CodecLaws()
        for oddity in GeneratedValue.oddities {
            let broken = laws.broken(by: .make("a 1\nb \(oddity)\nc \(oddity) 1700000000000\nd \(oddity)"), of: 1)
            #expect(broken == nil, "\(oddity)")
        }
    }

    @Test func `bodies of any shape follow each other`() {
        let bodies = [
            "", "\n", "a 1", "a 1\n", "a 1\r\n", "# HELP a what\n", "# HELP a what\na 1\n", "a 1\n\n\n",
            "\u{FEFF}a 1\n",
            "a{x=\"raw\nfeed\"} 1\n", "a{x=\"open 1\nb 2\n", "# EOF", "a 1 # {} 1\n# EOF\n", "a 1\0\n",
            "<html>\n</html>\n",
            String(repeating: "x", count: 40_000), String(repeating: "\n", count: 20_000),
            "a " + String(repeating: "9", count: 300) + "\n", String(repeating: "garbage\n", count: 100),
        ]
        var laws = CodecLaws()
        for type in [ScrapeRecord.textType, "application/openmetrics-text"] {
            for first in bodies {
                for second in bodies {
                    for body in [first, second] {
                        let broken = laws.broken(by: .make(body, contentType: type), of: 1)
                        #expect(broken == nil, "\(body.prefix(50).debugDescription) as \(type)")
                    }
                }
            }
        }
    }

    @Test func `lines beyond the dictionary travel in the records, and those beyond a body's limit as a whole`() {
        let limits = CodecLimits(bodyLines: 40, dictionaryLines: 3, dictionaryBytes: 100)
        let bodies = [0..<20, 1..<21, 0..<20, 0..<40, 0..<41, 39..<80, 38..<78, 0..<5].map { exposition($0) }
        _ = sizes(bodies, limits: limits)
        // A line before a body that is as long as it may be.
        let full = exposition(0..<40)
        _ = sizes([full, "first 1\n" + full, full], limits: CodecLimits(bodyLines: 40))
    }

    @Test func `own lines that are gone are let go`() {
        var laws = CodecLaws(limits: CodecLimits(dictionaryLines: 0))
        var keyframes = 0
        for scrape in 0..<200 {
            let body = exposition((0..<20).map { scrape * 20 + $0 })
            #expect(laws.broken(by: .make(body), of: 1) == nil, "scrape \(scrape)")
            if laws.encoded?.kind == EncodedScrape.keyframe { keyframes += 1 }
        }
        #expect(keyframes > 1 && keyframes < 10)
    }
}
