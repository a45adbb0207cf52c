import NIOCore
import Relabeling
import ScrapeCodec
import Synchronization
import Testing

@testable import Views

@Suite struct TargetStoreTests {
    private let clock = TestClock(1_000_000)
    private let store: TargetStore
    private let agent: AgentState
    private let id: TargetID

    init() throws {
        let clock = clock
        store = TargetStore(clock: { clock.moment })
        agent = store.agent("vpc-a", isConfigured: false, stamps: Labels([("agent", "vpc-a")]))
        id = try #require(store.announce(Self.description(), of: agent))
        store.loaded()
    }

    private static func description(interval: Int64 = 5_000, instance: String = "10.0.0.1:9100") -> TargetDescription {
        TargetDescription(
            labels: Labels([("job", "node"), ("instance", instance)]), jobName: "node",
            url: "http://\(instance)/metrics",
            address: instance, interval: interval, timeout: 3_000, honorLabels: false)
    }

    private func scrape(_ time: Int64, _ outcome: ScrapeOutcome = .success, body: String = "up_to_date 1\n") {
        store.scraped(
            id,
            StoredScrape(
                record: ScrapeRecord(
                    scheduled: time, timestamp: time, duration: 1_000, outcome: outcome, contentType: "text/plain",
                    body: ByteBuffer()), bodyBytes: body.utf8.count, arrived: clock.now,
                rendering: ScrapeRendering { ByteBuffer(string: body) }))
    }

    private func read(limit: Duration = .zero) async -> TargetReading {
        await store.read(id, reader: 1, limit: limit, compressed: false)
    }

    @Test func `a fresh successful scrape is served byte for byte`() async {
        scrape(1_000_000, body: "a 1\r\n\u{0}b")
        guard case .body(let body) = await read() else { Issue.record("no body"); return }
        #expect(String(buffer: body.bytes) == "a 1\r\n\u{0}b")
        #expect(body.contentType == "text/plain")
    }

    @Test func `nothing is read before the replicas on disk are replayed: it would be older than what was read before`()
        async throws
    {
        let clock = clock
        let store = TargetStore(clock: { clock.moment })
        let agent = store.agent("vpc-a", isConfigured: false, stamps: Labels([]))
        let id = try #require(store.announce(Self.description(), of: agent))
        let record = ScrapeRecord(
            scheduled: 1_000_000, timestamp: 1_000_000, duration: 1_000, outcome: .success, contentType: "text/plain",
            body: ByteBuffer())
        store.scraped(
            id,
            StoredScrape(
                record: record, bodyBytes: 4, arrived: clock.now,
                rendering: ScrapeRendering { ByteBuffer(string: "a 1\n") }))
        let early = await store.read(id, reader: 1, limit: .zero, compressed: false)
        guard case .unavailable(503, _) = early else { Issue.record("read too early"); return }
        store.loaded()
        let late = await store.read(id, reader: 1, limit: .zero, compressed: false)
        guard case .body = late else { Issue.record("not read"); return }
    }

    @Test func `data is fresh until it is two intervals and two seconds old, connected or not`() async {
        scrape(1_000_000)
        clock.now = 1_011_999
        guard case .body = await read() else { Issue.record("already stale"); return }
        clock.now = 1_012_000
        guard case .unavailable(503, let reason) = await read() else { Issue.record("still fresh"); return }
        #expect(reason.contains("not connected"))
        #expect(reason.contains("12 s"))
    }

    @Test func `age is measured in the agent's clock`() async {
        agent.update { $0.skew = 600_000_000 }
        scrape(1_600_000)
        guard case .body = await read() else { Issue.record("ten minutes ahead is fresh"); return }
        clock.now = 1_012_000
        guard case .unavailable(503, _) = await read() else { Issue.record("stale"); return }
    }

    @Test func `a failed target is 502 and one that timed out 504, with the reason`() async {
        scrape(1_000_000, ScrapeOutcome(code: .connectionFailed, message: "connection refused"))
        guard case .unavailable(502, "target: connection refused") = await read() else { Issue.record(); return }
        scrape(1_000_001, ScrapeOutcome(code: .timedOut, message: "no answer within 3 s"))
        guard case .unavailable(504, "target: no answer within 3 s") = await read() else { Issue.record(); return }
    }

    @Test
    func `after an agent's clock was set back, its new scrapes are shown and their age counts from their arrival`()
        async
    {
        agent.update { $0.skew = 600_000_000 }
        scrape(1_600_000, body: "before 1\n")
        agent.update { $0.skew = 0 }
        guard case .body = await read() else { Issue.record("a clock that is set is no outage"); return }
        clock.now = 1_005_000
        scrape(1_005_000, body: "after 1\n")
        guard case .body(let body) = await read() else { Issue.record(); return }
        #expect(String(buffer: body.bytes) == "after 1\n")
        scrape(1_600_001, body: "stamped in the future 1\n")
        clock.now += 12_000
        guard case .unavailable(503, _) = await read() else { Issue.record("up would lie"); return }
    }

    @Test func `a backlog that arrives now is as old as its scrapes`() async {
        scrape(900_000)
        guard case .unavailable(503, _) = await read() else { Issue.record(); return }
    }

    @Test func `a failed scrape counts as read, so that the next read waits for the next scrape`() async {
        scrape(1_000_000, ScrapeOutcome(code: .connectionFailed, message: "connection refused"))
        guard case .unavailable(502, _) = await read() else { Issue.record(); return }
        clock.now = 1_004_900
        async let reading = read(limit: .seconds(20))
        while !store.hasWaiters(id) { await Task.yield() }
        scrape(1_005_000)
        guard case .body = await reading else { Issue.record(); return }
    }

    @Test func `a read whose scrape is under way gets that scrape`() async {
        scrape(1_000_000, body: "n 1\n")
        clock.now = 1_005_100
        async let reading = read(limit: .seconds(20))
        while !store.hasWaiters(id) { await Task.yield() }
        scrape(1_005_000, body: "n 2\n")
        guard case .body(let body) = await reading else { Issue.record(); return }
        #expect(String(buffer: body.bytes) == "n 2\n")
    }

    @Test func `a read waits no longer than its reader allows`() async {
        scrape(1_000_000, body: "n 1\n")
        clock.now = 1_005_100
        guard case .body(let body) = await read(limit: .milliseconds(30)) else { Issue.record(); return }
        #expect(String(buffer: body.bytes) == "n 1\n")
        #expect(!store.hasWaiters(id))
    }

    @Test func `a withdrawn target answers with an empty page for two minutes, then not at all`() async {
        scrape(1_000_000)
        store.withdraw(id)
        guard case .withdrawn = await read() else { Issue.record(); return }
        clock.now += 119_999
        guard case .withdrawn = await read() else { Issue.record(); return }
        clock.now += 1
        guard case .unknown = await read() else { Issue.record(); return }
        store.sweep()
        #expect(store.target(id) == nil)
    }

    @Test func `a target that comes back is served again`() async {
        store.withdraw(id)
        #expect(store.activeTargets.isEmpty)
        #expect(store.announce(Self.description(interval: 10_000), of: agent) == id)
        scrape(1_000_000)
        guard case .body = await read() else { Issue.record(); return }
    }

    @Test func `an id depends on agent, labels and URL and on nothing else`() {
        let other = store.agent("vpc-b", isConfigured: false, stamps: Labels([]))
        #expect(TargetID(agent: other.name, target: Self.description()) != id)
        #expect(TargetID(agent: agent.name, target: Self.description(interval: 60_000)) == id)
        #expect(TargetID(agent: agent.name, target: Self.description(instance: "10.0.0.2:9100")) != id)
        #expect(id.description.utf8.count == 32)
        #expect(TargetID(id.description) == id)
        #expect(TargetID("../../../../etc/passwd") == nil)
        #expect(TargetID(id.description.uppercased()) == nil || id.description.uppercased() == id.description)
    }

    @Test func `lists are held back until replicas are loaded and configured agents have announced themselves`() {
        let clock = clock
        let store = TargetStore(clock: { clock.moment })
        #expect(store.unreadiness() != nil)
        let late = store.agent("late", isConfigured: true, stamps: Labels([]))
        store.loaded()
        #expect(store.unreadiness()?.contains("late") == true)
        late.update { $0.hasAnnounced = true }
        #expect(store.unreadiness() == nil)
        late.update { $0.hasAnnounced = false }
        clock.now += TargetStore.announcementLimit
        #expect(store.unreadiness() == nil)
    }
}

/// A wall clock that tests move, milliseconds.
final class TestClock: Sendable {
    private let time: Mutex<Int64>

    init(_ time: Int64) {
        self.time = Mutex(time)
    }

    /// Both clocks show the same.
    var moment: Moment { Moment(wall: now, steady: now) }

    var now: Int64 {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}
