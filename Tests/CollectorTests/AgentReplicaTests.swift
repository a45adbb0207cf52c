import NIOCore
import Relabeling
import ScrapeCodec
import ScrapeLog
import Synchronization
import TestSupport
import Testing
import Tunnel

@testable import Agent
@testable import Collector
@testable import Views

/// What an agent's log does to what readers see, byte for byte as a tunnel connection would deliver it.
@Suite struct AgentReplicaTests {
    private let store = TargetStore(clock: { Moment(wall: 1_000_000_000, steady: 5_000_000) })
    private let log: ScrapeLog
    private let announcements = Announcements()
    private let scrapes: Scrapes

    /// The agent's end, as it is in an agent.
    private final class Scrapes {
        var logger: ScrapeLogger
        init(_ log: ScrapeLog) { logger = ScrapeLogger(log: log) }
    }

    init() throws {
        log = try ScrapeLog(.init(storage: .memory(maximumBytes: 16 << 20)), nowMilliseconds: 1_000_000_000)
        scrapes = Scrapes(log)
        log.table = { [announcements] in announcements.entries }
    }

    private func replica(
        _ storage: LogStorage = .memory(maximumBytes: 16 << 20),
        onStorage: @escaping @Sendable (String, ScrapeLogError?) -> Void = { _, _ in }
    ) throws -> AgentReplica {
        let agent = store.agent("vpc-a", isConfigured: true, stamps: Labels([("agent", "vpc-a")]))
        let replica = try AgentReplica(
            agent: agent, store: store, storage: storage, metrics: CollectorMetrics(version: "test"),
            onStorage: onStorage)
        store.loaded()
        return replica
    }

    /// Delivers what the log holds and the replica lacks, in pieces of `piece` bytes.
    private func deliver(to replica: AgentReplica, piece: Int = 1_000) throws {
        log.flush()
        for range in log.ranges {
            let held = LogRangeSet(replica.held(of: [range.epoch]))
            for missing in held.missing(from: range) {
                var rest = missing
                while rest.count > 0 {
                    var bytes = ByteBuffer()
                    let count = try log.read(rest, maximum: piece, into: &bytes)
                    try replica.append(
                        LogRange(epoch: rest.epoch, from: rest.from, to: rest.from + UInt64(count)), bytes: bytes)
                    rest.from += UInt64(count)
                }
            }
        }
    }

    private func scrape(_ target: UInt32, at time: Int64, _ body: String) {
        let record = ScrapeRecord(
            scheduled: time, timestamp: time, duration: 1_000, outcome: .success, contentType: "text/plain",
            body: ByteBuffer(string: body))
        scrapes.logger.append(record, target: target)
    }

    private func bodies() async -> [String] {
        var bodies: [String] = []
        for target in store.activeTargets {
            let reading = await store.read(target.id, reader: 1, limit: .zero, compressed: false)
            switch reading {
            case .body(let body): bodies.append(String(buffer: body.bytes))
            case .unavailable(let status, _): bodies.append("\(status)")
            case .withdrawn, .unknown: bodies.append("-")
            }
        }
        return bodies
    }

    @Test(arguments: [1, 7, 100, 100_000])
    func `what is scraped inside is read outside, however the bytes are cut`(piece: Int) async throws {
        let replica = try replica()
        announcements.announce(1, instance: "a")
        announcements.announce(2, instance: "b")
        scrape(1, at: 999_999_000, "a 1\n")
        scrape(2, at: 999_999_100, "b 1\n")
        scrape(1, at: 1_000_000_000, "a 2\n")
        try deliver(to: replica, piece: piece)
        #expect(await bodies() == ["a 2\n", "b 1\n"])
        #expect(store.unreadiness() == nil)
        #expect(replica.failures == 0)
    }

    @Test func `a target missing from a new table is withdrawn`() async throws {
        let replica = try replica()
        announcements.announce(1, instance: "a")
        announcements.announce(2, instance: "b")
        scrape(1, at: 999_999_000, "a 1\n")
        try deliver(to: replica)
        announcements.entries.removeAll { $0.target == 2 }
        log.sealSegment()
        scrape(1, at: 1_000_000_000, "a 2\n")
        try deliver(to: replica)
        #expect(await bodies() == ["a 2\n"])
    }

    @Test func `an older epoch that arrives late is kept but changes nothing that is shown`() async throws {
        let replica = try replica()
        announcements.announce(1, instance: "old")
        scrape(1, at: 999_000_000, "old 1\n")
        log.flush()
        let old = try #require(log.ranges.last)
        var bytes = ByteBuffer()
        _ = try log.read(old, maximum: Int(old.count), into: &bytes)
        // The first half arrives, then a new epoch, then the rest of the old one.
        let half = old.count / 2
        let slice = bytes.readSlice(length: Int(half))
        let first = try #require(slice)
        try replica.append(LogRange(epoch: old.epoch, from: 0, to: half), bytes: first)
        log.beginEpoch(nowMilliseconds: 1_000_000_000)
        announcements.entries = []
        announcements.announce(1, instance: "new")
        scrape(1, at: 1_000_000_000, "new 1\n")
        log.flush()
        let new = try #require(log.ranges.last)
        var newBytes = ByteBuffer()
        _ = try log.read(new, maximum: Int(new.count), into: &newBytes)
        try replica.append(new, bytes: newBytes)
        try replica.append(LogRange(epoch: old.epoch, from: half, to: old.to), bytes: bytes)
        #expect(await bodies() == ["new 1\n"])
        #expect(LogRangeSet(replica.held(of: [old.epoch, new.epoch])).contains(old))
    }

    @Test func `labels that could pass for ours never reach a target list`() throws {
        let replica = try replica()
        announcements.announce(1, instance: "a", labels: [("__metrics_path__", "/x"), ("not-valid", "1"), ("ok", "1")])
        log.append(.targetAnnounced, target: 1, time: 1_000_000_000, payload: announcements.entries[0].payload)
        try deliver(to: replica)
        let target = try #require(store.activeTargets.first)
        #expect(target.description.labels.pairs.map(\.name) == ["instance", "job", "ok"])
        #expect(replica.failures > 0)
    }

    @Test(arguments: [Int64.max, 1 << 62, 0, -1, .min])
    func `numbers an agent makes up do not stop the collector`(number: Int64) async throws {
        let replica = try replica()
        announcements.announce(1, instance: "a", interval: number, timeout: number)
        scrape(1, at: number, "a 1\n")
        scrape(1, at: 1_000_000_000, "a 2\n")
        try deliver(to: replica)
        _ = await bodies()
        let agent = try #require(store.agent("vpc-a"))
        _ = AgentMetricsPage.render(agent, targets: store.targets(of: agent), now: store.now)
        _ = APIPage.targets(store, activeOnly: false, droppedOnly: false, externalURL: { _ in "" })
        _ = ServiceDiscoveryPage(address: "c:1", scheme: "http", pathPrefix: "").render(store, filter: .init())
    }

    /// Delivers everything behind `offset` of the current epoch as an agent would that is not told to begin again.
    private func deliver(after offset: UInt64, to replica: AgentReplica) throws -> UInt64 {
        log.flush()
        let current = try #require(log.ranges.last)
        var rest = LogRange(epoch: current.epoch, from: offset, to: current.to)
        while rest.count > 0 {
            var bytes = ByteBuffer()
            let count = try log.read(rest, maximum: 10_000, into: &bytes)
            // The agent compresses with what it sent just before.
            let reach = min(rest.from, 64 * 1024)
            let prefix = LogRange(epoch: rest.epoch, from: rest.from - reach, to: rest.from)
            if offset > 0 { #expect(try replica.read(prefix).readableBytes == Int(reach)) }
            try replica.append(
                LogRange(epoch: rest.epoch, from: rest.from, to: rest.from + UInt64(count)), bytes: bytes)
            rest.from += UInt64(count)
        }
        return current.to
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `a full disk is no outage: what arrives is shown, and kept once there is room`() async throws {
        let disk = try SmallDisk(kibibytes: 256)
        let changes = Mutex<[Bool]>([])
        let replica = try replica(.directory(disk.path + "/vpc-a")) { _, failure in
            changes.withLock { $0.append(failure != nil) }
        }
        announcements.announce(1, instance: "a")
        var random = SeededGenerator(seed: 7)
        func noise(_ number: Int) -> String {
            // What does not compress fills a disk.
            "n \(number)\n# "
                + (0..<3_000).map { _ in String(UInt64.random(in: 0...(.max), using: &random), radix: 36) }.joined()
        }
        var sent: UInt64 = 0
        for number in 1...12 {
            scrape(1, at: 999_999_000 + Int64(number), noise(number))
            sent = try deliver(after: sent, to: replica)
            #expect(await bodies().first?.hasPrefix("n \(number)\n") == true)
        }
        #expect(changes.withLock { $0 } == [true])
        let current = try #require(log.ranges.last)
        #expect(!LogRangeSet(replica.held(of: [current.epoch])).contains(current))

        try disk.resize(kibibytes: 4096)
        replica.resume(holding: log.ranges)
        // The agent begins again where the kept part ends: nothing that was shown steps back.
        try deliver(to: replica)
        #expect(await bodies().first?.hasPrefix("n 12\n") == true)
        #expect(LogRangeSet(replica.held(of: [current.epoch])).contains(current))
        #expect(changes.withLock { $0 } == [true, false])
        scrape(1, at: 999_999_100, "n 13\n")
        try deliver(to: replica)
        #expect(await bodies() == ["n 13\n"])
        #expect(replica.failures == 0)
    }

    @Test func `an agent that announces without end is cut off`() throws {
        let replica = try replica()
        for reference in 1...UInt32(RecordApplier.maximumTargets + 10) {
            announcements.announce(reference, instance: "i\(reference)")
        }
        scrape(1, at: 1_000_000_000, "a 1\n")
        try deliver(to: replica, piece: 200_000)
        #expect(store.activeTargets.count == RecordApplier.maximumTargets)
        #expect(replica.failures == 10)
    }
}

/// The agent's target table, as tests change it.
final class Announcements {
    var entries: [(target: UInt32, payload: ByteBuffer)] = []

    func announce(
        _ reference: UInt32, instance: String, labels: [(String, String)] = [], interval: Int64 = 5_000,
        timeout: Int64 = 3_000
    ) {
        let payload = Self.payload(instance: instance, labels: labels, interval: interval, timeout: timeout)
        entries.append((target: reference, payload: payload))
    }

    static func payload(
        instance: String, labels: [(String, String)] = [], interval: Int64 = 5_000, timeout: Int64 = 3_000
    ) -> ByteBuffer {
        let all = [("job", "test"), ("instance", instance)] + labels
        let announcement = TargetAnnouncement(
            labels: all.map { ScrapeCodec.Label(name: $0.0, value: $0.1) }, url: "http://\(instance)/metrics",
            interval: interval, timeout: timeout, jobName: "test", honorLabels: false, address: instance,
            scheme: "http", metricsPath: "/metrics", params: [])
        var payload = ByteBuffer()
        announcement.encode(into: &payload)
        return payload
    }
}
