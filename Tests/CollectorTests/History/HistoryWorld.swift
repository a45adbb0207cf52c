import NIOCore
import Relabeling
import ScrapeCodec
import ScrapeLog
import TestSupport
import Testing
import Tunnel

@testable import Agent
@testable import Collector
@testable import Views

/// An agent's log, a collector's replica of it, readers of its history, and all that was ever scraped: what the law of the
/// history is checked against.
struct HistoryWorld {
    /// One scrape, as it happened.
    struct Scrape: Equatable {
        var time: Int64
        var body: String
        var isFailed: Bool
    }

    /// A named reader of one target.
    struct Reader {
        var target: Int
        var cursor: HistoryCursor?
        var given: [Scrape] = []
        var skipped = 0
        var unreadable = 0
    }

    let log: ScrapeLog
    private var logger: ScrapeLogger
    let announcements = Announcements()
    private let directory: TemporaryDirectory?
    private(set) var store: TargetStore
    private(set) var replica: AgentReplica
    var random: SeededGenerator
    var time: Int64 = 1_000_000_000
    /// By target.
    private(set) var scraped: [Int: [Scrape]] = [:]
    /// The references of active targets.
    private(set) var references: [Int: UInt32] = [:]
    private var nextReference: UInt32 = 1
    private(set) var gaps = 0
    /// Where the present connection's live data begins.
    private var live = LogRange(epoch: 0, from: 0, to: 0)
    private var isConnected = false

    init(seed: UInt64, onDisk: Bool = true, logBytes: Int = 64 << 20, segmentBytes: UInt64 = 4000) throws {
        random = SeededGenerator(seed: seed)
        log = try ScrapeLog(
            .init(
                storage: .memory(maximumBytes: logBytes), segmentBytes: segmentBytes, scrapesPerSegmentPerTarget: 12),
            nowMilliseconds: 1_000_000_000)
        logger = ScrapeLogger(log: log)
        log.table = { [announcements] in announcements.entries }
        log.configureCollectors(["c"])
        directory = onDisk ? try TemporaryDirectory() : nil
        (store, replica) = try Self.collector(directory)
        connect(sealing: false)
    }

    private static func collector(_ directory: TemporaryDirectory?) throws -> (TargetStore, AgentReplica) {
        let store = TargetStore(clock: { Moment(wall: 1_000_000_000, steady: 5_000_000) })
        let agent = store.agent("vpc-a", isConfigured: true, stamps: Labels([("agent", "vpc-a")]))
        let replica = try AgentReplica(
            agent: agent, store: store,
            storage: directory.map { .directory($0.path + "/vpc-a") } ?? .memory(maximumBytes: 64 << 20),
            metrics: CollectorMetrics(version: "test"), onStorage: { _, _ in })
        store.loaded()
        return (store, replica)
    }

    var history: any HistorySource {
        get throws {
            struct NoHistory: Error {}
            guard let history = replica.agent.history else { throw NoHistory() }
            return history
        }
    }

    /// What a target is called outside.
    func id(_ target: Int) throws -> TargetID {
        let announcement = try TargetAnnouncement(decoding: Announcements.payload(instance: "i\(target)"))
        return TargetID(agent: "vpc-a", target: TargetDescription.describe(announcement).0)
    }

    // MARK: Inside

    mutating func announce(_ target: Int) {
        guard references[target] == nil else { return }
        let reference = nextReference
        nextReference += 1
        references[target] = reference
        announcements.announce(reference, instance: "i\(target)")
        if let payload = announcements.entries.last?.payload {
            log.append(.targetAnnounced, target: reference, time: time, payload: payload)
        }
    }

    mutating func withdraw(_ target: Int) {
        guard let reference = references.removeValue(forKey: target) else { return }
        announcements.entries.removeAll { $0.target == reference }
        logger.forget(reference)
        log.append(.targetWithdrawn, target: reference, time: time, payload: ByteBuffer())
    }

    mutating func scrape(_ target: Int, lines: Int = 6) {
        guard let reference = references[target] else { return }
        time += 1000
        let isFailed = UInt8.random(in: 0..<12, using: &random) == 0
        var body = ""
        for line in 0..<lines where isFailed == false {
            if line > 2, UInt8.random(in: 0..<20, using: &random) == 0 { continue }
            body += "m\(target % 2)_\(line){t=\"\(target)\"} \(UInt32.random(in: 0..<90, using: &random))\n"
        }
        let outcome = isFailed ? ScrapeOutcome(code: .timedOut, message: "no answer") : .success
        let record = ScrapeRecord(
            scheduled: time, timestamp: time, duration: 1000, outcome: outcome, contentType: "text/plain",
            body: ByteBuffer(string: body))
        logger.append(record, target: reference)
        logger.flush()
        scraped[target, default: []].append(Scrape(time: time, body: body, isFailed: isFailed))
    }

    func beginEpoch() { log.beginEpoch(nowMilliseconds: time) }

    /// All records of the agent's log.
    func records() throws -> [LogRecord] {
        try log.ranges.flatMap { range -> [LogRecord] in
            var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
            var bytes = ByteBuffer()
            var rest = range
            while rest.count > 0 { rest.from += UInt64(try log.read(rest, maximum: 1 << 20, into: &bytes)) }
            assembler.append(bytes)
            var records: [LogRecord] = []
            while let record = try assembler.next() { records.append(record) }
            return records
        }
    }

    // MARK: Between

    /// A new connection: the agent says what it holds; its live data goes first.
    mutating func connect(sealing: Bool) {
        isConnected = true
        log.flush()
        replica.resume(holding: log.ranges)
        if sealing { log.sealSegment() }
        let held = LogRangeSet(replica.held(of: [log.epoch]))
        let missing = held.missing(from: LogRange(epoch: log.epoch, from: 0, to: log.end))
        live = LogRange(epoch: log.epoch, from: sealing ? log.end : missing.first?.from ?? log.end, to: .max)
        sendGaps()
    }

    mutating func sendGaps() {
        for gap in log.takeGaps(for: "c") {
            gaps += 1
            replica.gap(Frame.Gap(range: gap.range, scrapes: UInt64(gap.scrapes), reason: gap.reason))
        }
    }

    /// Sends one piece of what is missing: of the live data, or of what is before it.
    mutating func send(backlog: Bool, most: Int) throws {
        guard isConnected else { return }
        log.flush()
        sendGaps()
        let ranges = log.ranges
        let held = LogRangeSet(replica.held(of: Set(ranges.map(\.epoch))))
        if live.epoch != log.epoch { live = LogRange(epoch: log.epoch, from: 0, to: .max) }
        let missing = ranges.flatMap { held.missing(from: $0) }.flatMap { range -> [LogRange] in
            guard range.epoch == live.epoch, range.from < live.from, range.to > live.from else { return [range] }
            return [
                LogRange(epoch: range.epoch, from: range.from, to: live.from),
                LogRange(epoch: range.epoch, from: live.from, to: range.to),
            ]
        }
        let wanted = missing.first { ($0.epoch == live.epoch && $0.from >= live.from) != backlog }
        guard var range = wanted else { return }
        if UInt8.random(in: 0..<8, using: &random) == 0 {
            // Something known comes again with it.
            let start = ranges.first { $0.epoch == range.epoch && $0.to >= range.from }?.from ?? range.from
            let before = held.missing(from: LogRange(epoch: range.epoch, from: start, to: range.from))
            let from = max(start, before.last?.to ?? 0, range.from - min(range.from, 100))
            if held.contains(LogRange(epoch: range.epoch, from: from, to: range.from)) { range.from = from }
        }
        var bytes = ByteBuffer()
        // What an epoch begins with tells where it belongs.
        let least = range.from == 0 ? 80 : 1
        let count = try log.read(range, maximum: Int.random(in: least...most, using: &random), into: &bytes)
        range.to = range.from + UInt64(count)
        try replica.append(range, bytes: bytes)
    }

    /// Everything arrives.
    mutating func drain() throws {
        connect(sealing: true)
        for _ in 0..<100_000 {
            let ranges = log.ranges
            let held = LogRangeSet(replica.held(of: Set(ranges.map(\.epoch))))
            if ranges.allSatisfy({ held.contains($0) }) { break }
            try send(backlog: true, most: 3000)
            try send(backlog: false, most: 3000)
        }
        connect(sealing: false)
    }

    // MARK: Outside

    mutating func restartCollector() throws {
        guard directory != nil else { return }
        isConnected = false
        replica.saveNotes()
        (store, replica) = try Self.collector(directory)
    }

    /// What a target shows just now.
    func shown(_ target: Int) throws -> Int64? { store.target(try id(target))?.newest?.record.timestamp }

    /// What is shown of a target is what was scraped then.
    func checkBody(_ target: Int, _ comment: Comment) throws {
        let moment = Moment(wall: time, steady: 5_000_000)
        guard let newest = store.target(try id(target))?.newest?.record else { return }
        let scrape = scraped[target]?.first { $0.time == newest.timestamp }
        #expect(scrape?.isFailed == !newest.outcome.isSuccess, comment)
        guard case .body(let body) = store.target(try id(target))?.body(reader: 1, now: moment, compressed: false)
        else { return }
        #expect(String(buffer: body.bytes) == scrape?.body, comment)
    }

    func read(_ reader: inout Reader, most: Int, notBefore oldest: Int64 = .min) throws {
        var given: [Scrape] = []
        let reading = try history.read(try id(reader.target), after: reader.cursor, notBefore: oldest) { scrape in
            given.append(
                Scrape(
                    time: scrape.summary.timestamp, body: String(buffer: scrape.body),
                    isFailed: !scrape.summary.outcome.isSuccess))
            return given.count < most
        }
        reader.given += given
        reader.cursor = reading.cursor
        reader.skipped += reading.skipped
        reader.unreadable += reading.unreadable
    }
}
