import NIOCore
import Synchronization
import Testing

@testable import Views

/// When a page counts as read, over real connections.
@Suite struct HistoryConnectionTests {
    private let stage: HistoryStage
    private let id: TargetID

    init() throws {
        stage = try HistoryStage()
        id = try stage.target()
        stage.scrape(id, 1)
    }

    private func get(_ query: String = "?history=prom-a", method: String = "GET", close: Bool = false) -> String {
        "\(method) /targets/\(id)/metrics\(query) HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.05\r\n"
            + (close ? "Connection: close\r\n\r\n" : "\r\n")
    }

    private func serve(fast: Bool = true, idle: Duration = .seconds(60), _ body: (RunningServer) async throws -> Void)
        async throws
    {
        let configuration = stage.served.configuration(fast: fast) { $0.idleTimeout = idle }
        try await stage.served.serve(configuration, history: stage.history, registry: stage.registry, body)
    }

    private func next(_ value: Int) {
        stage.served.clock.now += 1_000
        stage.scrape(id, value)
    }

    @Test(arguments: [true, false])
    func `a page counts as read when its connection is still open at the next request`(fast: Bool) async throws {
        try await serve(fast: fast) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get())
            let first = try await reader.answers(1)[0]
            #expect(first.status == 200 && first.body == "n 1 1000000\n")
            #expect(!first.head.lowercased().contains("culvert"))
            next(2)
            try await reader.send(get())
            #expect(try await reader.answers(1)[0].body == "n 2 1001000\n")
            // The next request may come on another connection, as long as this one is open.
            next(3)
            let other = try await SocketReader.connect(server.port)
            try await other.send(get())
            #expect(try await other.answers(1)[0].body == "n 3 1002000\n")
            await reader.close()
            await other.close()
        }
    }

    @Test func `a page whose reader closed the connection is offered again`() async throws {
        try await serve { server in
            for _ in 0..<2 {
                let reader = try await SocketReader.connect(server.port)
                try await reader.send(get())
                #expect(try await reader.answers(1)[0].body == "n 1 1000000\n")
                await reader.close()
                try await eventually("the server has noticed") {
                    stage.history.fates.allSatisfy { $0 == .broken }
                }
            }
        }
    }

    @Test func `a reader that announced the end of its connection has read its page`() async throws {
        try await serve { server in
            for value in 1...3 {
                let reader = try await SocketReader.connect(server.port)
                try await reader.send(get(close: true))
                #expect(try await reader.answers(1)[0].body == "n \(value) \(999_000 + value * 1_000)\n")
                try await eventually("the server has closed its side") { reader.isClosed }
                await reader.close()
                try await eventually("the connection has ended well") {
                    stage.history.fates.allSatisfy { $0 == .acknowledged }
                }
                next(value + 1)
            }
        }
    }

    @Test func `a connection that we closed for its idleness leaves no doubt`() async throws {
        try await serve(idle: .seconds(1)) { server in
            for value in 1...2 {
                let reader = try await SocketReader.connect(server.port, sendingSoon: get())
                #expect(try await reader.answers(1)[0].body == "n \(value) \(999_000 + value * 1_000)\n")
                try await eventually("the idle connection is closed") {
                    stage.history.fates.allSatisfy { $0 == .acknowledged }
                }
                await reader.close()
                next(value + 1)
            }
        }
    }

    @Test func `a page that the reader did not take whole is offered again`() async throws {
        let series = (0..<40_000).map { "n{v=\"\($0)\"} 1\n" }.joined()
        try await serve { server in
            for _ in 0..<3 {
                stage.served.clock.now += 1_000
                stage.scrape(id, body: series)
            }
            // The first scrape read was one of these.
            let cut = try await SocketReader.connect(server.port, isPaused: true)
            try await cut.send(get())
            try await eventually("the page is under way") { server.answered >= 1 }
            await cut.close()
            try await eventually("the server has noticed") { stage.history.fates.contains(.broken) }
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get())
            let page = try await reader.answers(1)[0]
            #expect(page.body.split(separator: "\n").count == 40_000)
            #expect(page.body.hasPrefix("n{v=\"0\"} 1 1003000\n"))
            await reader.close()
        }
    }

    @Test func `a page that is on its way to a reader that takes nothing is offered again`() async throws {
        let series = (0..<100_000).map { "n{v=\"\($0)\"} 1\n" }.joined()
        try await serve { server in
            stage.served.clock.now += 1_000
            stage.scrape(id, body: series)
            let silent = try await SocketReader.connect(server.port, isPaused: true)
            try await silent.send(get())
            try await eventually("the page is under way") { server.answered >= 1 }
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get())
            #expect(try await reader.answers(1)[0].body.hasPrefix("n{v=\"0\"} 1 1001000\n"))
            try await reader.send(get())
            #expect(try await reader.answers(1)[0].body.isEmpty)
            await reader.close()
            await silent.close()
        }
    }

    @Test func `without its body, and with peek, nothing is read`() async throws {
        try await serve { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(method: "HEAD"))
            let head = try await reader.answers(1, heads: [0])[0]
            #expect(head.head.contains("Content-Length: 12"))
            try await reader.send(get("?history=prom-a&peek=1"))
            #expect(try await reader.answers(1)[0].body == "n 1 1000000\n")
            next(2)
            // Had one of them been the first read, this page would begin with the first scrape.
            try await reader.send(get())
            #expect(try await reader.answers(1)[0].body == "n 2 1001000\n")
            await reader.close()
        }
    }

    @Test func `parameters that exclude each other or say nothing are refused`() async throws {
        try await serve { server in
            let reader = try await SocketReader.connect(server.port)
            let queries = [
                "?history=prom-a&peek=2", "?history=prom-a&timestamps=true", "?at=1&history=prom-a", "?at=yesterday",
            ]
            for query in queries { try await reader.send(get(query)) }
            #expect(try await reader.answers(4).map(\.status) == [400, 400, 400, 400])
            try await reader.send(get("?history=nobody"))
            let unknown = try await reader.answers(1)[0]
            #expect(unknown.status == 404 && unknown.body.contains("- name: nobody\n"))
            await reader.close()
        }
    }

    @Test func `without a history there are no readers`() async throws {
        try await stage.served.serve(stage.served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(
                get() + "GET /sd?history=prom-a HTTP/1.1\r\nHost: c\r\n\r\n" + "GET /api/v1/readers HTTP/1.1\r\n\r\n")
            let answers = try await reader.answers(3)
            #expect(answers.map(\.status) == [404, 404, 200])
            #expect(answers[2].body == #"{"status":"success","data":{"readers":[]}}"#)
            await reader.close()
        }
    }

    @Test func `service discovery names the reader and leaves the intervals to it`() async throws {
        try await serve { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send("GET /sd?history=prom-a HTTP/1.1\r\nHost: c:9480\r\n\r\n")
            let list = try await reader.answers(1)[0].body
            #expect(list.components(of: #""__param_history":"prom-a""#) == 3)
            #expect(!list.contains("__scrape_interval__") && !list.contains("__scrape_timeout__"))
            try await reader.send("GET /sd HTTP/1.1\r\nHost: c:9480\r\n\r\n")
            #expect(try await reader.answers(1)[0].body.contains("__scrape_interval__"))
            try await reader.send("GET /sd?history=x HTTP/1.1\r\nHost: c:9480\r\n\r\n")
            #expect(try await reader.answers(1)[0].status == 404)
            await reader.close()
        }
    }

    @Test func `readers are listed with what is unread and what was kept from them`() async throws {
        try await serve { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get())
            _ = try await reader.answers(1)
            next(2)
            try await reader.send(get())
            _ = try await reader.answers(1)
            for value in 3...5 { next(value) }
            try await reader.send("GET /api/v1/readers HTTP/1.1\r\n\r\n")
            let list = try await reader.answers(1)[0].body
            // The second page is not known to have arrived.
            let expected = #"""
                {"status":"success","data":{"readers":[{"name":"prom-a","key":"","address":"127.0.0.1",\#
                "maxAge":"55m","targets":1,"lagSeconds":4.0,"unreadScrapes":4,"readScrapes":1,"skippedScrapes":0,\#
                "rejectedScrapes":0,"lastRead":"1970-01-01T00:16:41.000Z"}]}}
                """#
            #expect(list == expected)
            #expect(
                stage.samples("culvert_history_lag_seconds") == ["culvert_history_lag_seconds{reader=\"prom-a\"} 4"])
            try await reader.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await reader.answers(1)[0].body.contains("readers of history as JSON: prom-a\n"))
            await reader.close()
        }
    }
}

extension String {
    /// How many parts are between these, and before and behind.
    fileprivate func components(of separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}

extension History {
    /// What became of the connections on which the last pages went out.
    var fates: [PageConnection.Fate] {
        state.withLock { $0.readers.values.flatMap { $0.places.values.flatMap { $0.targets.values } } }
            .compactMap { $0.cursor.offer?.delivery?.fate }
    }
}
