import Relabeling
import Testing

@testable import Scraping

@Suite("What a scrape asks for")
struct ScrapeHeadersTests {
    @Test(
        "the timeout is told in plain decimal seconds",
        arguments: [(10_000, "10"), (500, "0.5"), (1250, "1.25"), (1, "0.001"), (60_010, "60.01"), (0, "0"), (-5, "0")])
    func seconds(milliseconds: Int64, text: String) {
        #expect(ScrapeHeaders.seconds(milliseconds) == text)
    }

    @Test("the headers are Prometheus'; a job's own ones win")
    func headers() {
        var target = Target(labels: Labels([("job", "j")]), jobName: "j", address: "a")
        let headers = ScrapeHeaders.headers(
            for: target, version: "1.2", extra: [("accept", "text/plain"), ("X-A", "b")])
        #expect(
            headers.map { "\($0): \($1)" } == [
                "User-Agent: Culvert/1.2", "Accept-Encoding: gzip", "X-Prometheus-Scrape-Timeout-Seconds: 10",
                "accept: text/plain", "X-A: b",
            ])
        target.enableCompression = false
        let plain = ScrapeHeaders.headers(for: target, version: "1.2", extra: [])
        #expect(plain.contains { $0 == ("Accept-Encoding", "identity") })
        #expect(
            plain.contains { $0.0 == "Accept" && $0.1.hasPrefix("application/openmetrics-text;version=1.0.0;q=0.6,") })
    }
}
