import Exposition
import Testing

/// What a page of several scrapes looks like.
@Suite struct HistoryPageTests {
    private static let openMetrics = ContentType.openMetrics

    @Test func `scrapes follow each other, every sample with the time of its scrape, descriptions once`() {
        let body = "# HELP a b\n# TYPE a counter\n# other\n\na{b=\"c\"} 1\na 2"
        let page = page(.text, [(body, 1_000), (body, 2_000)])
        #expect(
            page == """
                # HELP a b
                # TYPE a counter
                a{b="c"} 1 1000
                a 2 1000
                # TYPE a counter
                a{b="c"} 1 2000
                a 2 2000

                """)
    }

    @Test func `OpenMetrics ends once, exemplars stay, times are seconds`() {
        let body = "# TYPE a counter\n# UNIT a \na_total 1 # {t=\"u\"} 1 0.5\n# EOF\n"
        let page = page(.openMetrics, [(body, 1_000), (body, 2_500)])
        #expect(
            page == """
                # TYPE a counter
                # UNIT a 
                a_total 1 1.000 # {t="u"} 1 0.5
                # TYPE a counter
                a_total 1 2.500 # {t="u"} 1 0.5
                # EOF

                """)
    }

    @Test func `a scrape without a byte is a scrape without samples`() {
        #expect(page(.text, [("", 1_000), ("a 1", 2_000)]) == "a 1 2000\n")
        #expect(page(.openMetrics, [("", 1_000)]) == "# EOF\n")
    }

    @Test func `one bad line costs its scrape and no other`() {
        var page = HistoryPage(format: .text, grammar: .classic, now: 9_000)
        #expect(add("a 1\n", 1_000, to: &page))
        #expect(!add("a 2\nb{ 1\n", 2_000, to: &page))
        #expect(add("a 3\n", 3_000, to: &page))
        #expect(page.count == 2)
        #expect(text(page.finish()) == "a 1 1000\na 3 3000\n")
    }

    @Test func `the last scrape can be taken off again`() {
        var page = HistoryPage(format: .openMetrics, grammar: .classic, now: 9_000)
        #expect(add("a 1\n# EOF\n", 1_000, to: &page))
        #expect(add("a 2\n# EOF\n", 2_000, to: &page))
        page.removeLast()
        #expect(page.count == 1)
        #expect(text(page.finish()) == "a 1 1.000\n# EOF\n")
    }

    @Test func `samples keep times of their own, and say each once`() {
        let page = page(
            .text,
            [
                ("a 1 500\nb 1 500\nc 1\n", 1_000), ("b 1 500\na 2 1500\nc 2\n", 2_000),
                ("a 2 1500\nb 1 500\nc 3\n", 3_000),
            ])
        #expect(page == "a 1 500\nb 1 500\nc 1 1000\na 2 1500\nc 2 2000\nc 3 3000\n")
        // Several points of one series are different things to say.
        #expect(
            self.page(.text, [("a 1 5\na 2 6\n", 1_000), ("a 2 6\na 3 7\n", 2_000)]) == "a 1 5\na 2 6\na 3 7\n")
        #expect(
            self.page(.openMetrics, [("a 1 0.5\n# EOF", 1_000), ("a 1 0.5\n# EOF", 2_000)]) == "a 1 0.5\n# EOF\n")
    }

    @Test func `no time after now is written`() {
        // A clock that is ahead by minutes is a clock that is ahead; beyond that Prometheus drops the sample itself.
        #expect(
            page(.text, [("a 1 9001\nb 1 609000\nc 1 609001\nd 1 9000\n", 8_000)]) == "a 1 8000\nb 1 8000\nd 1 9000\n")
        #expect(
            page(.openMetrics, [("a 1 9.5\nb 1 1e300\n# EOF", 8_000)]) == "a 1 8.000\n# EOF\n")
        #expect(
            page(.openMetrics, [("a_total 1 # {b=\"c\"} 1 9.5\na_total{d=\"e\"} 1 # {} 1 9\n# EOF", 8_000)])
                == "a_total 1 8.000\na_total{d=\"e\"} 1 8.000 # {} 1 9\n# EOF\n")
        #expect(page(.text, [("a 1\n", 10_000)]) == "a 1 9000\n")
        #expect(page(.text, [("a 1 9223372036854775807\n", 8_000)]) == "")
    }

    @Test func `a scrape that begins without a type is not taken for the histogram that ended the one before`() {
        let body = "b{le=\"1\"} 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\n"
        #expect(
            page(.text, [(body, 1_000), (body, 2_000)]) == """
                b{le="1"} 1 1000
                # TYPE h histogram
                h_bucket{le="1"} 2 1000
                # TYPE b untyped
                b{le="1"} 1 2000
                # TYPE h histogram
                h_bucket{le="1"} 2 2000

                """)
        let ended = page(
            .openMetrics, [("# TYPE s summary\ns{quantile=\"1\"} 1\n# EOF", 1_000), ("b 1\n# EOF", 2_000)])
        #expect(ended.contains("# TYPE b unknown\nb 1 2.000\n"))
    }

    @Test func `what Prometheus does not read behind a zero byte is not on the page`() {
        #expect(page(.text, [("a 1\n\0b{{\n", 1_000), ("c 1\n", 2_000)]) == "a 1 1000\nc 1 2000\n")
    }

    @Test func `real bodies are taken, and every sample is there once a scrape`() {
        #expect(RecordedBody.all.count == 8)
        for body in RecordedBody.all {
            var page = HistoryPage(format: .text, grammar: .classic, now: 9_000)
            for time in [1_000, 2_000, 3_000] as [Int64] {
                let isTaken = body.bytes.withUnsafeBytes { page.add($0, milliseconds: time) }
                #expect(isTaken, "\(body)")
            }
            let bytes = page.finish()
            let samples = LineScanner.countSamples(in: body.bytes.span, format: .text) ?? 0
            let written = LineScanner.countSamples(in: bytes.span, format: .text)
            #expect(samples > 0 && written == samples * 3, "\(body)")
            // The first scrape is what stamping makes of it, but for comments of no use.
            let first = stamped(body.bytes, format: .text, milliseconds: 1_000)
            #expect(bytes.starts(with: first), "\(body)")
        }
    }

    private func page(_ format: ContentType, _ scrapes: [(body: String, time: Int64)]) -> String {
        var page = HistoryPage(format: format, grammar: .classic, now: 9_000)
        for scrape in scrapes { #expect(add(scrape.body, scrape.time, to: &page), "\(scrape.body)") }
        return text(page.finish())
    }

    private func add(_ body: String, _ time: Int64, to page: inout HistoryPage) -> Bool {
        Array(body.utf8).withUnsafeBytes { page.add($0, milliseconds: time) }
    }
}
