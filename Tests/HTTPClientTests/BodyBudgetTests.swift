import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Memory for bodies in flight")
struct BodyBudgetTests {
    @Test("the oldest goes on past the cap, others wait, and go on in the order they came")
    func order() {
        let budget = BodyBudget(capacity: 1000 << 10)
        var resumed: [Int] = []
        let leases = (0..<4).map { index in budget.open { resumed.append(index) } }
        #expect(leases[0].hold(900 << 10) == .proceed)
        #expect(leases[1].hold(64 << 10) == .pause)
        #expect(leases[2].hold(1 << 10) == .pause)
        #expect(leases[0].hold(5000 << 10) == .proceed)
        #expect(resumed.isEmpty)
        leases[0].close()
        #expect(resumed == [1, 2])
        #expect(leases[3].hold(1 << 10) == .proceed)
        for lease in leases { lease.close() }
        #expect(budget.used == 0)
        #expect(budget.pauses == 2)
    }

    @Test("a body that keeps growing in spite of a pause is given up")
    func refusal() {
        let budget = BodyBudget(capacity: 1000)
        let oldest = budget.open {}
        let other = budget.open {}
        #expect(oldest.hold(900) == .proceed)
        #expect(other.hold(200) == .pause)
        #expect(other.hold(500) == .refuse)
        other.close()
        oldest.close()
        #expect(budget.used == 0)
    }

    @Test("leases closed in any order give back what they took", arguments: [UInt64(11), 12, 13])
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let budget = BodyBudget(capacity: 1 << 20)
        var open: [BodyLease] = []
        for _ in 0..<2000 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: open.append(budget.open {})
            case 1: _ = open.randomElement(using: &random)?.hold(Int.random(in: 0..<(1 << 18), using: &random))
            default:
                guard !open.isEmpty else { continue }
                open.remove(at: Int.random(in: 0..<open.count, using: &random)).close()
                // Whoever is first now is never left waiting.
                #expect(open.first?.isPaused != true, "seed \(seed)")
            }
        }
        for lease in open { lease.close() }
        #expect(budget.used == 0)
    }

    @Test("many large bodies at once stay under the cap and all arrive")
    func together() async throws {
        let body = [UInt8](repeating: 0x61, count: 600_000)
        let server = try await TargetServer.start { request in
            request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 60_000) {
                request.send(Array("ea60\r\n".utf8) + body[start..<(start + 60_000)] + [13, 10])
            }
            request.send("0\r\n\r\n")
        }
        let first = try await ClientFixture(capacity: 4 << 20)
        var fixtures = [first]
        for _ in 0..<19 { fixtures.append(try await ClientFixture(sharing: first)) }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for fixture in fixtures {
                group.addTask { try await fixture.get(server.url(), timeout: .seconds(30)).body.readableBytes }
            }
            for try await size in group { #expect(size == body.count) }
        }
        let figures = try #require(try await first.withBudget { ($0.peak, $0.used, $0.pauses) })
        #expect(figures.0 <= 5 << 20)
        #expect(figures.1 == 0)
        for fixture in fixtures { try await fixture.close() }
        await server.stop()
    }

    @Test("a body that waits for memory to its deadline is called overloaded, not timed out")
    func overloaded() async throws {
        let server = try await TargetServer.start { request in
            request.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
            request.send([UInt8](repeating: 0x61, count: 900_000))
            if request.path == "/b" { request.send([UInt8](repeating: 0x61, count: 2_100_000)) }
        }
        let first = try await ClientFixture(capacity: 1 << 20)
        let second = try await ClientFixture(sharing: first)
        async let stuck = first.failure(server.url("/a"), timeout: .seconds(8))
        while try await first.withBudget({ $0.used }) ?? 0 < 500_000 { try await Task.sleep(for: .milliseconds(5)) }
        let error = try await second.failure(server.url("/b"), timeout: .seconds(2))
        #expect(error.code == .overloaded)
        let code = try await stuck.code
        #expect(code == .timedOut)
        // With the stuck one gone there is room again.
        let size = try await second.get(server.url("/b")).body.readableBytes
        #expect(size == 3_000_000)
        try await first.close()
        try await second.close()
        await server.stop()
    }
}
