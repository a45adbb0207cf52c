import NIOCore
import Testing

@testable import Views

/// What connections do over time.
@Suite struct FastPathTests {
    private let served = ServedStore()

    private func get(_ id: TargetID, timeout: Int = 60) -> String {
        "GET /targets/\(id)/metrics HTTP/1.1\r\nUser-Agent: Prometheus\r\n"
            + "X-Prometheus-Scrape-Timeout-Seconds: \(timeout)\r\n\r\n"
    }

    @Test func `a read waits for the scrape under way, and those behind it wait with it`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        let quick = try served.scraped("quick", "q 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(slow) + get(quick) + "GET /-/healthy HTTP/1.1\r\n\r\n" + get(slow))
            try await eventually("the read waits") { served.store.hasWaiters(slow) }
            // Another connection is served meanwhile, and nothing overtakes on this one.
            let other = try await SocketReader.connect(server.port)
            try await other.send(get(quick))
            #expect(try await other.answers(1)[0].body == "q 1\n")
            #expect(reader.byteCount == 0)
            served.scrape(slow, "n 2\n")
            let bodies = try await reader.answers(4).map(\.body)
            #expect(bodies == ["n 2\n", "q 1\n", "Culvert collector is healthy.\n", "n 2\n"])
            await reader.close()
            await other.close()
        }
    }

    @Test func `a read waits no longer than its reader allows`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(
                "GET /targets/\(slow)/metrics HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.05\r\n\r\n")
            #expect(try await reader.answers(1)[0].body == "n 1\n")
            #expect(!served.store.hasWaiters(slow))
            await reader.close()
        }
    }

    @Test func `a target withdrawn while a read waits answers with an empty page`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(slow))
            try await eventually("the read waits") { served.store.hasWaiters(slow) }
            served.store.withdraw(slow)
            let answer = try await reader.answers(1)[0]
            #expect(answer.status == 200 && answer.body.isEmpty)
            await reader.close()
        }
    }

    @Test func `the wait of a reader that has gone is over`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(slow))
            try await eventually("the read waits") { served.store.hasWaiters(slow) }
            await reader.close()
            try await eventually("nobody waits") { !served.store.hasWaiters(slow) }
        }
    }

    @Test func `a reader that only closed its sending side gets all its answers`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(slow) + "GET /-/healthy HTTP/1.1\r\n\r\n" + get(slow))
            try await eventually("the read waits") { served.store.hasWaiters(slow) }
            try await reader.closeOutput()
            #expect(try await reader.answers(3).map(\.status) == [200, 200, 200])
            try await eventually("the server closes") { reader.isClosed }
            await reader.close()
        }
    }

    @Test func `a reader is the same reader on both paths`() async throws {
        let id = try served.scraped("one", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(id))
            #expect(try await reader.answers(1)[0].body == "n 1\n")
            // Just before the next scrape: who has this one waits. The router answers what we do not know.
            served.clock.now += 4_900
            try await reader.send(
                "GET /targets/\(id)/metrics?unknown HTTP/1.1\r\nUser-Agent: Prometheus\r\n\r\n" + get(id))
            try await eventually("the read waits") { served.store.hasWaiters(id) }
            served.scrape(id, "n 2\n")
            #expect(try await reader.answers(2).map(\.body) == ["n 2\n", "n 2\n"])
            await reader.close()
        }
    }

    @Test func `answers do not pile up for a reader that does not take them`() async throws {
        let body = String(repeating: "a_rather_long_metric_name 1\n", count: 20_000)
        let id = try served.scraped("big", body)
        let count = 100
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port, isPaused: true)
            try await reader.send(String(repeating: get(id), count: count))
            try await eventually("it is served") { server.answered >= 1 }
            var last = 0.0
            // As many answers as the sockets' buffers take: some megabytes of the 56.
            try await eventually("the server waits for the reader") {
                defer { last = server.answered }
                return server.answered == last
            }
            let other = try await SocketReader.connect(server.port)
            for _ in 0..<50 {
                try await other.send(get(id))
                #expect(try await other.answers(1)[0].body.utf8.count == body.utf8.count)
            }
            #expect(server.answered - 50 < Double(count) / 2)
            try await reader.resume()
            let answers = try await reader.answers(count)
            #expect(answers.allSatisfy { $0.body == body })
            await reader.close()
            await other.close()
        }
    }

    @Test func `a shutdown answers who waits, closes who is idle, and ends`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        var readers: [SocketReader] = []
        try await served.serve(served.configuration()) { server in
            let (waiting, idle) = (
                try await SocketReader.connect(server.port), try await SocketReader.connect(server.port)
            )
            try await idle.send("GET /-/healthy HTTP/1.1\r\n\r\n")
            _ = try await idle.answers(1)
            try await waiting.send(get(slow) + get(slow))
            try await eventually("the read waits") { served.store.hasWaiters(slow) }
            await server.shutDown()
            #expect(try await waiting.answers(2).map(\.body) == ["n 1\n", "n 1\n"])
            try await eventually("both are closed") { waiting.isClosed && idle.isClosed }
            readers = [waiting, idle]
        }
        for reader in readers { await reader.close() }
    }

    @Test func `an idle connection is closed, one in use is not`() async throws {
        let (quick, slow) = (try served.scraped("quick", "q 1\n"), try served.waiting("slow", "n 1\n"))
        let configuration = served.configuration { $0.idleTimeout = .seconds(1) }
        try await served.serve(configuration) { server in
            let waiting = try await SocketReader.connect(server.port, sendingSoon: get(slow))
            let idle = try await SocketReader.connect(server.port, sendingSoon: get(quick))
            _ = try await idle.answers(1)
            let busy = try await SocketReader.connect(server.port)
            // A machine that stops us for longer than the limit proves nothing.
            var (last, longest) = (ContinuousClock.now, Duration.zero)
            do {
                while !idle.isClosed {
                    try await busy.send(get(quick))
                    #expect(try await busy.answers(1)[0].status == 200)
                    longest = max(longest, ContinuousClock.now - last)
                    last = .now
                }
            } catch {
                longest = max(longest, ContinuousClock.now - last)
            }
            let isOpen = !busy.isClosed
            longest = max(longest, ContinuousClock.now - last)
            #expect(isOpen || longest >= .milliseconds(900))
            #expect(!waiting.isClosed)
            served.scrape(slow, "n 2\n")
            #expect(try await waiting.answers(1)[0].body == "n 2\n")
            try await eventually("all are idle") { busy.isClosed && waiting.isClosed }
            for reader in [idle, busy, waiting] { await reader.close() }
        }
    }

    @Test func `a reader that sends too far ahead is cut off`() async throws {
        let slow = try served.waiting("slow", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(slow) + String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 2_000))
            // What is not read yet is read with the end. It may be over by now.
            try? await reader.closeOutput()
            try await eventually("it is cut off") { reader.isClosed }
            try await eventually("nobody waits") { !served.store.hasWaiters(slow) }
            await reader.close()
        }
    }
}
