import HTTPClient
import NIOCore
import NIOPosix
import Relabeling
import ScrapeCodec
import Synchronization
import Testing

@testable import Scraping

@Suite("Scrapes of real sockets")
struct ScrapeOverHTTPTests {
    private func target(_ server: PlainTarget, path: String = "/metrics", interval: Int64 = 200, timeout: Int64? = nil)
        -> Target
    {
        Target(
            labels: Labels([("job", "j"), ("path", path)]), jobName: "j", address: "127.0.0.1:\(server.port)",
            metricsPath: path, interval: interval, timeout: timeout ?? interval)
    }

    @Test("every attempt becomes one record that says how it ended")
    func outcomes() async throws {
        let server = try await PlainTarget.start { path in
            switch path {
            case "/metrics": .answer("200 OK", "a 1\n")
            case "/500": .answer("500 Internal Server Error", "")
            case "/hang": .silence
            case "/large": .answer("200 OK", String(repeating: "x", count: 2000))
            default: .close
            }
        }
        let gone = try await PlainTarget.start { _ in .close }
        await gone.stop()
        var large = target(server, path: "/large", interval: 10_000)
        large.bodySizeLimit = 2000
        var odd = target(server, path: "/odd", interval: 10_000)
        odd.address = "no such host"
        let expected: [(Target, ScrapeOutcome.Code)] = [
            (target(server, interval: 10_000), .success),
            (target(server, path: "/500", interval: 10_000), .unexpectedStatus),
            (target(server, path: "/hang", interval: 10_000, timeout: 300), .timedOut), (large, .bodyTooLarge),
            (target(server, path: "/close", interval: 10_000), .connectionLost),
            (target(gone, interval: 10_000), .connectionFailed),
            (odd, .connectionFailed),
        ]
        let agent = try await Agent(targets: expected.map(\.0), appearing: true)
        try await agent.wait { log in expected.indices.allSatisfy { log.records[UInt32($0 + 1)]?.count ?? 0 >= 1 } }
        let log = agent.log.withLock { $0 }
        for (index, (target, code)) in expected.enumerated() {
            for record in log.records[UInt32(index + 1)] ?? [] {
                #expect(record.outcome.code == code, "\(target.metricsPath): \(record.outcome.message)")
                #expect(record.outcome.isSuccess == record.outcome.message.isEmpty)
                #expect((record.body.readableBytes > 0) == record.outcome.isSuccess)
                #expect(record.outcome.status == (code == .success ? 200 : code == .unexpectedStatus ? 500 : 0))
            }
        }
        #expect(log.records[1]?.first?.body == ByteBuffer(string: "a 1\n"))
        #expect(log.records[1]?.first?.contentType == "text/plain")
        try await agent.stop()
        await server.stop()
    }

    @Test("a target's connection is kept from scrape to scrape, and a slow one is never asked twice at once")
    func noOverlap() async throws {
        let server = try await PlainTarget.start { path in
            path == "/slow" ? .late("a 1\n", .milliseconds(450)) : .answer("200 OK", "")
        }
        let agent = try await Agent(targets: [target(server, path: "/slow", interval: 300, timeout: 2000)])
        try await agent.wait { $0.records[1]?.count ?? 0 >= 3 }
        #expect(server.connections == 1)
        #expect(server.mostAtOnce == 1)
        let times = agent.log.withLock { $0.records[1]?.map(\.scheduled) ?? [] }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 600 })
        let skipped = try await agent.onLoop { $0.skippedTicks }
        #expect(skipped >= 2)
        try await agent.stop()
        await server.stop()
    }

    @Test("credentials that changed are sent from the next scrape after a reload on")
    func credentials() async throws {
        let server = try await PlainTarget.start { _ in .answer("200 OK", "") }
        let secret = Mutex("one")
        let agent = try await Agent(targets: [target(server, interval: 1000)]) {
            [("Authorization", secret.withLock { $0 })]
        }
        while server.authorizations.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        secret.withLock { $0 = "two" }
        try await agent.onLoop { $0.reloadTLS() }
        while server.authorizations.last != "two" { try await Task.sleep(for: .milliseconds(5)) }
        let sent = server.authorizations
        let change = try #require(sent.firstIndex(of: "two"))
        #expect(Set(sent[..<change]) == ["one"])
        #expect(Set(sent[change...]) == ["two"])
        #expect(server.connections == 1)
        try await agent.stop()
        await server.stop()
    }

    @Test("at the end every target is scraped once more; what the grace period cuts short is not called a failure")
    func farewell() async throws {
        let server = try await PlainTarget.start { path in
            switch path {
            case "/hang": .silence
            case "/500": .answer("500 Internal Server Error", "")
            default: .answer("200 OK", "a 1\n")
            }
        }
        let agent = try await Agent(targets: [
            target(server, interval: 600_000, timeout: 600_000),
            target(server, path: "/hang", interval: 600_000, timeout: 600_000),
            target(server, path: "/500", interval: 600_000, timeout: 600_000),
        ])
        let begin = NIODeadline.now()
        try await agent.finish(within: .milliseconds(800))
        #expect(NIODeadline.now() - begin < .seconds(60))
        let log = agent.log.withLock { $0 }
        #expect(log.records[1]?.map(\.outcome.code) == [.success])
        #expect(log.records[2] == nil)
        #expect(log.records[3]?.map(\.outcome.code) == [.unexpectedStatus])
        try await agent.stop()
        await server.stop()
    }

    @Test("a withdrawn target's scrape under way leaves no record")
    func withdrawal() async throws {
        let server = try await PlainTarget.start { _ in .silence }
        let agent = try await Agent(targets: [target(server, interval: 300, timeout: 300)])
        while server.requests == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await agent.onLoop { $0.update([]) }
        let count = agent.log.withLock { $0.records[1]?.count ?? 0 }
        try await agent.onLoop { _ in }
        #expect(agent.log.withLock { $0.records[1]?.count ?? 0 } == count)
        #expect(agent.log.withLock { $0.withdrawn } == [1])
        try await agent.stop()
        await server.stop()
    }
}

/// A manager on a real event loop and everything it said.
private final class Agent: Sendable {
    struct Log: Sendable {
        var records: [UInt32: [ScrapeRecord]] = [:]
        var withdrawn: [UInt32] = []
    }

    let log: Mutex<Log> = Mutex(Log())
    private let loop: any EventLoop
    private let manager: NIOLoopBoundBox<ScrapeManager?>

    /// With `appearing` the targets come while the agent is running, and are scraped within a second.
    init(
        targets: [Target], appearing: Bool = false,
        extraHeaders: @escaping @Sendable () -> [(String, String)] = { [] }
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        manager = .makeEmptyBox(eventLoop: loop)
        try await loop.submit { [self] in
            var environment = ScrapeEnvironment(eventLoop: loop, version: "test")
            environment.extraHeaders = { _ in extraHeaders() }
            let made = ScrapeManager(
                environment: environment, references: TargetReferences(),
                callbacks: .init(
                    onAnnounce: { _, _ in },
                    onWithdraw: { [self] reference in log.withLock { $0.withdrawn.append(reference) } },
                    onResult: { [self] reference, record in
                        log.withLock { $0.records[reference, default: []].append(record) }
                    }))
            manager.value = made
            if appearing { made.update([]) }
            made.update(targets)
        }.get()
    }

    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (ScrapeManager) -> Value) async throws -> Value {
        let value = try await loop.submit { [manager] in manager.value.map(body) }.get()
        return try #require(value)
    }

    func finish(within time: TimeAmount) async throws {
        try await loop.flatSubmit { [manager, loop] in
            manager.value?.scrapeAllOnce(deadline: .now() + time) ?? loop.makeSucceededVoidFuture()
        }.get()
    }

    func stop() async throws {
        try await loop.submit { [manager] in
            manager.value?.stop()
            manager.value = nil
        }.get()
    }

    func wait(_ condition: (Log) -> Bool) async throws {
        let deadline = NIODeadline.now() + .seconds(30)
        while !log.withLock({ condition($0) }) {
            try #require(NIODeadline.now() < deadline, "waited 30 s in vain")
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
