import NIOCore
import NIOHTTP1
import Testing

@testable import Views

/// Which requests the event loop takes for its own.
@Suite struct TargetRequestTests {
    private let id = String(repeating: "0123456789abcdef", count: 2)
    private let pages = TargetPages(
        configuration: WebConfiguration(host: "127.0.0.1", port: 0, routePrefix: "/culvert"), store: ServedStore().store
    )

    private func request(
        _ uri: String, _ headers: [(String, String)] = [], method: HTTPMethod = .GET, version: HTTPVersion = .http1_1
    ) -> TargetRequest? {
        let head = HTTPRequestHead(
            version: version, method: method, uri: uri, headers: HTTPHeaders(headers))
        return pages.request(head, Reader(address: nil))
    }

    @Test func `a scrape of Prometheus is one`() throws {
        let request = try #require(
            self.request(
                "/culvert/targets/\(id)/metrics",
                [
                    ("Host", "127.0.0.1:9480"), ("User-Agent", "Prometheus/2.42.0"),
                    ("Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), ("Accept-Encoding", "gzip"),
                    ("X-Prometheus-Scrape-Timeout-Seconds", "5"),
                ]))
        #expect(request.read.id.description == id)
        #expect(request.read.limit == .milliseconds(4_500))
        #expect(request.accept == ["text/plain;version=0.0.4;q=0.5,*/*;q=0.1"])
        #expect(!request.timestamps && !request.isHead && !request.closes)
        #expect(request.read.reader == Reader(address: nil).key(userAgent: "Prometheus/2.42.0"))
    }

    @Test func `HEAD, timestamps and a wish about the connection are understood`() throws {
        let page = "/culvert/targets/\(id)/metrics"
        #expect(try #require(request(page, method: .HEAD)).isHead)
        #expect(try #require(request(page + "?timestamps=true")).timestamps)
        #expect(try #require(request(page + "?timestamps=false")).timestamps == false)
        #expect(try #require(request(page, [("connection", "close")])).closes)
        #expect(try #require(request(page, [("CONNECTION", "keep-alive")])).closes == false)
    }

    @Test(arguments: [
        "/targets/ID/metrics", "/culvert/targets/ID/metrics/", "/culvert/targets/ID/metrics?", "/culvert/targets/ID",
        "/culvert/targets/IDa/metrics", "/culvert/targets//metrics", "/culvert//targets/ID/metrics",
        "/culvert/targets/ID/metrics?timestamps=1", "/culvert/targets/ID/metrics?history=a", "", "/", "*",
        "/culvert/targets/ID/metrics?timestamps=true&timestamps=false", "http://a/culvert/targets/ID/metrics",
        "/culvert/targets/0123456789ABCDEF0123456789ABCDEF/metrics", "/culvert/targets/ID/metrics#a",
        "/culvert/targets/éééééééééééééééé/metrics",
    ])
    func `other paths are the router's`(uri: String) {
        let uri = uri.split(separator: "ID", omittingEmptySubsequences: false).joined(separator: id)
        #expect(request(uri) == nil)
    }

    @Test(arguments: [
        ("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"), ("Upgrade", "h2c"),
        ("Connection", "Close"), ("Connection", "keep-alive, upgrade"), ("User-Agent", "blank "),
        ("X-Prometheus-Scrape-Timeout-Seconds", "\t5"),
    ])
    func `requests with anything special are the router's`(name: String, value: String) {
        #expect(request("/culvert/targets/\(id)/metrics", [(name, value)]) == nil)
    }

    @Test func `so are headers given twice, other methods and older versions`() {
        let page = "/culvert/targets/\(id)/metrics"
        for name in ["User-Agent", "X-Prometheus-Scrape-Timeout-Seconds", "Connection"] {
            #expect(request(page, [(name, "close"), (name, "close")]) == nil)
        }
        #expect(request(page, method: .POST) == nil && request(page, method: .OPTIONS) == nil)
        #expect(request(page, version: .http1_0) == nil)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (Int64.max, "Thu, 01 Jan 1970 00:00:00 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    func `dates are written as HTTP has them`(time: Int64, text: String) {
        var buffer = ByteBuffer()
        buffer.writeHTTPDate(time)
        #expect(String(buffer: buffer) == text)
    }
}
