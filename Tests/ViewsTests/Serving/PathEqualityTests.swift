import NIOCore
import ScrapeCodec
import TLS
import TestSupport
import Testing

@testable import Views

/// The event loop's answers are the router's, byte for byte.
@Suite struct PathEqualityTests {
    private let served = ServedStore()
    private let scraper = "User-Agent: Prometheus/2.42.0\r\nX-Prometheus-Scrape-Timeout-Seconds: 1\r\n"

    /// Asks both paths the same; each request on a connection of its own.
    private func compare(
        _ requests: [(request: String, status: Int)], tls: TLSContext? = nil,
        _ change: (inout WebConfiguration) -> Void = { _ in }
    ) async throws {
        try await served.serve(served.configuration(fast: true, change)) { fast in
            try await served.serve(served.configuration(fast: false, change)) { slow in
                for (request, status) in requests {
                    let isHead: Set<Int> = request.hasPrefix("HEAD") ? [0] : []
                    let (first, second) = (
                        try await SocketReader.connect(fast.port, tls: tls),
                        try await SocketReader.connect(slow.port, tls: tls)
                    )
                    try await first.send(request)
                    try await second.send(request)
                    let answer = try await first.answers(1, heads: isHead)[0]
                    #expect(answer.status == status, "\(request)\(answer)")
                    let expected = try await second.answers(1, heads: isHead)[0]
                    #expect(answer == expected, "\(request)")
                    if request.contains("Connection: close") {
                        try await eventually("both close") { first.isClosed && second.isClosed }
                    }
                    #expect(first.byteCount == 0 && second.byteCount == 0, "bytes behind the answer to \(request)")
                    await first.close()
                    await second.close()
                }
                #expect(
                    fast.samples("culvert_http_requests_total") == slow.samples("culvert_http_requests_total"))
                #expect(
                    fast.samples("culvert_http_response_bytes_total")
                        == slow.samples("culvert_http_response_bytes_total"))
            }
        }
    }

    private func get(_ uri: String, _ headers: String = "", method: String = "GET") -> String {
        "\(method) \(uri) HTTP/1.1\r\nHost: culvert\r\n\(scraper)\(headers)\r\n"
    }

    @Test func `every status, with head and body`() async throws {
        let lines = String(repeating: "a{b=\"c\"} 1\n", count: 5_000)
        let fine = "/targets/\(try served.scraped("fine", lines))/metrics"
        let failed = try served.target("failed")
        served.scrape(failed, outcome: ScrapeOutcome(code: .connectionFailed, message: "connection réfused\r\nX: y"))
        let late = try served.target("late")
        served.scrape(late, outcome: ScrapeOutcome(code: .timedOut, message: "no answer within 3 s"))
        let stale = try served.target("stale")
        served.scrape(stale, "a 1\n", ago: 60_000)
        let never = try served.target("never")
        let gone = try served.scraped("gone", "a 1\n")
        served.store.withdraw(gone)
        let empty = try served.scraped("empty", "")
        let unknown = String(repeating: "0", count: 32)
        let pages: [(String, Int)] = [
            (fine, 200), (fine + "?timestamps=true", 200), (fine + "?timestamps=false", 200),
            (fine + "?timestamps=maybe", 400), (fine + "?timestamps=tru%65", 200), (fine + "?", 200),
            (fine + "?history=a", 404), (fine + "?timestamps=true&at=1", 400), (fine + "/", 200),
            ("/targets/\(failed)/metrics", 502), ("/targets/\(late)/metrics", 504),
            ("/targets/\(stale)/metrics", 503), ("/targets/\(never)/metrics", 503), ("/targets/\(gone)/metrics", 200),
            ("/targets/\(empty)/metrics", 200), ("/targets/\(unknown)/metrics", 404), ("/targets/12/metrics", 404),
            ("/targets/\(unknown.dropLast())G/metrics", 404), ("/targets/\(unknown)/metrics2", 404),
        ]
        try await compare(
            pages.map { (get($0.0), $0.1) } + pages.map { (get($0.0, method: "HEAD"), $0.1) } + [
                (get(fine, "Connection: keep-alive\r\n"), 200), (get(fine, "Connection: close\r\n"), 200),
                (get(fine, "Connection: Close\r\n"), 200), (get(fine, method: "POST"), 405),
                (get(fine, "Content-Length: 3\r\n") + "abc", 200),
                (get(fine, "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n", 200),
                ("GET \(fine) HTTP/1.0\r\n\r\n", 200), (get("http://culvert\(fine)"), 200),
                (get(fine, "X-Long: \(String(repeating: "x", count: 17_000))\r\n"), 400),
                ("nonsense\r\n\r\n", 400),
            ])
    }

    @Test func `content types, as targets send them`() async throws {
        let types = [
            "", "text/plain", "text/plain; version=0.0.4; charset=utf-8", " text/plain ", "text/plain\r\nX-Injected: 1",
            "text/plain; é", "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        ]
        var requests: [(String, Int)] = []
        for (index, type) in types.enumerated() {
            let id = try served.target("type\(index)")
            served.scrape(id, "a 1\n# EOF\n", contentType: type)
            let isProtobuf = type.hasPrefix("application/vnd")
            let page = "/targets/\(id)/metrics"
            requests.append((get(page), 200))
            requests.append((get(page, "Accept: text/plain;q=0.5,*/*;q=0.1\r\n"), isProtobuf ? 406 : 200))
            requests.append(
                (get(page, "Accept: text/plain\r\nAccept: application/vnd.google.protobuf;q=0.2\r\n"), 200))
            requests.append((get(page + "?timestamps=true"), isProtobuf ? 406 : 200))
        }
        try await compare(requests)
    }

    @Test(arguments: [WebConfiguration.Compression.on, .auto, .off])
    func `compression, as configured and negotiated`(compression: WebConfiguration.Compression) async throws {
        let lines = String(repeating: "a{b=\"c\"} 1\n", count: 5_000)
        let page = "/targets/\(try served.scraped("fine", lines))/metrics"
        let tiny = "/targets/\(try served.scraped("tiny", "a 1\n"))/metrics"
        let encodings = ["gzip", "GZIP", "gzip;q=0", "br, gzip;q=0.5", "br", "identity\r\nAccept-Encoding: gzip"]
        try await compare(
            encodings.flatMap { encoding in
                [page, tiny, page + "?timestamps=true"].map {
                    (get($0, "Accept-Encoding: \(encoding)\r\n"), 200)
                }
            } + [(get(page, "Accept-Encoding: gzip\r\n", method: "HEAD"), 200)]
        ) { $0.compression = compression }
    }

    @Test func `behind a route prefix`() async throws {
        let page = "/targets/\(try served.scraped("fine", "a 1\n"))/metrics"
        try await compare([(get("/culvert" + page), 200), (get(page), 404), (get("/culvert/" + page), 200)]) {
            $0.routePrefix = "/culvert"
        }
    }

    @Test func `before target lists are complete an unknown target may still come`() async throws {
        _ = served.store.agent("late", isConfigured: true, stamps: served.agent.stamps)
        try await compare([(get("/targets/\(String(repeating: "0", count: 32))/metrics"), 503)])
    }

    @Test func `bodies of more than a mebibyte, which are rendered elsewhere`() async throws {
        let page = "/targets/\(try served.scraped("big", String(repeating: "a_long_name 1\n", count: 100_000)))/metrics"
        try await compare([(get(page), 200), (get(page, method: "HEAD"), 200), (get(page + "?timestamps=true"), 200)])
    }

    @Test func `requests that come again, in whole or in pieces, with other ids or other headers`() async throws {
        let (a, b) = (try served.scraped("a", "a 1\n"), try served.scraped("b", "b 1\n"))
        let (first, second) = (get("/targets/\(a)/metrics"), get("/targets/\(b)/metrics"))
        let unknown = get("/targets/\(String(repeating: "0", count: 32))/metrics")
        let invalid = get("/targets/\(String(repeating: "G", count: 32))/metrics")
        let other = first.replacing("2.42.0", with: "2.43.0")
        // What is sent at once, and how many answers come of it.
        let sends: [(String, Int)] = [
            (first, 1), (first, 1), (second, 1), (unknown, 1), (invalid, 1), (second, 1), (other, 1), (first, 1),
            (first + first, 2), (first, 1), (String(first.prefix(60)), 0), (String(first.dropFirst(60)), 1), (first, 1),
            (first + second.prefix(10), 1), (String(second.dropFirst(10)), 1), (second, 1),
            ("POST /sd HTTP/1.1\r\nContent-Length: \(first.utf8.count)\r\n\r\n", 0), (first, 1), (first, 1),
            ("GET /-/healthy HTTP/1.1\r\n\r\n", 1), (second, 1), (first + "\r\n\r\n", 1), (first, 1), ("\r\n", 0),
            (first, 1), ("nonsense\r\n\r\n", 1),
        ]
        try await served.serve(served.configuration(fast: true)) { fast in
            try await served.serve(served.configuration(fast: false)) { slow in
                let readers = (try await SocketReader.connect(fast.port), try await SocketReader.connect(slow.port))
                for (index, (text, count)) in sends.enumerated() {
                    try await readers.0.send(text)
                    try await readers.1.send(text)
                    let answers = try await readers.0.answers(count)
                    #expect(try await readers.1.answers(count) == answers, "\(index): \(text)")
                }
                #expect(readers.0.byteCount == 0 && readers.1.byteCount == 0)
                #expect(
                    fast.samples("culvert_http_requests_total") == slow.samples("culvert_http_requests_total"))
                await readers.0.close()
                await readers.1.close()
            }
        }
    }

    @Test func `over TLS`() async throws {
        let certificates = try #require(TestCertificates.shared)
        let server = try TLSContext(
            TLSContextConfiguration(
                role: .server, certificateFile: certificates.collector.certificate,
                keyFile: certificates.collector.key, requiresPeerCertificate: false))
        let client = try TLSContext(
            TLSContextConfiguration(role: .client, certificateAuthorityFile: certificates.authority))
        let page = "/targets/\(try served.scraped("fine", String(repeating: "a{b=\"c\"} 1\n", count: 50_000)))/metrics"
        try await compare(
            [
                (get(page), 200), (get(page, "Connection: close\r\n"), 200), (get(page, method: "HEAD"), 200),
                (get("/-/healthy"), 200), (get(page + "?timestamps=true"), 200),
            ], tls: client
        ) { $0.tls = { server } }
    }

    @Test func `pipelined requests of all kinds are answered in order`() async throws {
        let (a, b) = (try served.scraped("a", "a 1\n"), try served.scraped("b", "b 1\n"))
        let big = try served.scraped("big", String(repeating: "a_long_name 1\n", count: 100_000))
        let requests =
            get("/targets/\(a)/metrics") + get("/-/healthy") + get("/targets/\(b)/metrics") + get("/-/healthy")
            + get("/targets/\(big)/metrics") + get("/targets/\(a)/metrics", method: "HEAD")
            + "POST /-/reload HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + get("/targets/\(b)/metrics")
            + get("/targets/\(a)/metrics") + get("/sd") + "nonsense\r\n\r\n"
        try await served.serve(served.configuration(fast: true)) { fast in
            try await served.serve(served.configuration(fast: false)) { slow in
                let (first, second) = (
                    try await SocketReader.connect(fast.port), try await SocketReader.connect(slow.port)
                )
                try await first.send(requests)
                try await second.send(requests)
                let answers = try await first.answers(11, heads: [5])
                #expect(answers.map(\.status) == [200, 200, 200, 200, 200, 200, 403, 200, 200, 200, 400])
                let expected = try await second.answers(11, heads: [5])
                for (answer, expected) in zip(answers, expected) {
                    // The page names the port it was asked on.
                    if answer.head.contains("application/json") { continue }
                    #expect(answer == expected)
                }
                try await eventually("both close") { first.isClosed && second.isClosed }
                await first.close()
                await second.close()
            }
        }
    }
}
