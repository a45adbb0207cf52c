import Glibc
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// An agent's log and a collector's replica of it on disks that forget, between them a wire that cuts and repeats; and a
/// memory of everything that was ever said, against which both are held.
struct FaultWorld {
    static let path = "/log"

    let seed: UInt64
    var random: SeededGenerator
    var agentDisk = MemoryDisk()
    var replicaDisk = MemoryDisk()
    var log: ScrapeLog
    var replica: ReplicaLog
    /// Number of the next scrape.
    var next = 0
    /// Every byte of every epoch that anybody may have seen; nil where nobody has.
    private var ledger: [UInt64: [UInt8?]] = [:]
    /// What the collector has confirmed, gaps included, and what of that it had as bytes.
    private var confirmed = LogRangeSet()
    private var confirmedBytes = LogRangeSet()
    /// What the agent has made durable, and what its disk once failed to make durable: that may be there or not.
    private var synced = LogRangeSet()
    private var doubtful = LogRangeSet()
    /// What the collector was told it will not get.
    private var told = LogRangeSet()
    private var scrapesTold: UInt64 = 0
    private var replicaLostPower = false
    /// Gaps that were announced, did not arrive, and are returned when the connection turns out to be broken.
    private var onTheWire: [LogGap] = []
    private let scrapes = LostScrapes()

    /// Scrapes that wait in the log's buffer, and those it gave back.
    private final class LostScrapes {
        var waiting: [(number: Int, target: UInt32, size: Int)] = []
        var lost: [(number: Int, target: UInt32, size: Int)] = []
    }

    init(seed: UInt64) throws {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        (agentDisk, replicaDisk) = (MemoryDisk(), MemoryDisk())
        log = try Self.open(agentDisk)
        replica = try replicaDisk.run { try ReplicaLog(storage: .directory(Self.path), clock: { 0 }) }
        wire()
    }

    private static func open(_ disk: MemoryDisk) throws -> ScrapeLog {
        let log = try disk.run {
            try ScrapeLog(
                .init(
                    storage: .directory(path), maximumBytes: 24_000, segmentBytes: 1500, scrapesPerSegmentPerTarget: 9,
                    fallbackBytes: 16_000), nowMilliseconds: 0)
        }
        log.configureCollectors(["c"])
        return log
    }

    private func wire() {
        log.onScrapesLost = { [scrapes] count in
            scrapes.lost += scrapes.waiting.suffix(count)
            scrapes.waiting = []
        }
    }

    // MARK: Steps

    mutating func step(withTrouble: Bool) throws {
        if withTrouble, Int.random(in: 0..<12, using: &random) == 0 {
            agentDisk.losePower(afterChanges: Int.random(in: 1...9, using: &random))
        }
        switch Int.random(in: 0..<22, using: &random) {
        case 0..<7: scrape()
        case 7..<12: try send()
        case 12..<14: try confirm()
        case 14: try syncAgent()
        case 15: tellGaps()
        case 16: try stopAgent()
        case 17: try stopReplica()
        case 18: log.sealSegment()
        case 19 where withTrouble: trouble()
        case 20 where withTrouble: recover()
        default: scrape()
        }
        if !agentDisk.hasPower { try agentLosesPower() }
    }

    private mutating func scrape() {
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            append(
                next, UInt32.random(in: 1...4, using: &random), size: Int.random(in: 20...300, using: &random))
            next += 1
        }
        flush()
    }

    private func append(_ number: Int, _ target: UInt32, size: Int) {
        // Room first, as the agent does it: that may be what shows that the disk fails.
        _ = log.makeRoom(target: target, payloadBytes: size, time: Int64(number))
        appendLost()
        scrapes.waiting.append((number, target, size))
        log.scrape(number, target: target, size: size)
    }

    private func appendLost() {
        let lost = scrapes.lost
        scrapes.lost = []
        for scrape in lost { append(scrape.number, scrape.target, size: scrape.size) }
    }

    private mutating func flush() {
        for _ in 0..<3 {
            log.flush()
            if scrapes.lost.isEmpty { break }
            appendLost()
        }
        scrapes.waiting = []
        remember()
    }

    /// Everything that can be read was written for good, as far as anybody may have seen it.
    private mutating func remember() {
        guard agentDisk.hasPower else { return }
        for range in log.ranges where range.count > 0 {
            let known = UInt64(ledger[range.epoch]?.count ?? 0)
            guard range.to > known else { continue }
            let from = max(known, range.from)
            guard let new = try? log.bytes(LogRange(epoch: range.epoch, from: from, to: range.to)) else { continue }
            // A power loss in the middle of a call may leave a later segment and lose one before.
            ledger[range.epoch, default: []] += [UInt8?](repeating: nil, count: Int(from - known))
            ledger[range.epoch, default: []] += Array(buffer: new).map(Optional.some)
        }
    }

    private mutating func send() throws {
        let held = LogRangeSet(replica.ranges)
        let missing = log.ranges.flatMap { held.missing(from: $0) }
        guard let range = (Bool.random(using: &random) ? missing.last : missing.first) ?? log.ranges.first else {
            return
        }
        var from = range.from
        if UInt8.random(in: 0..<4, using: &random) == 0 {
            from -= min(from, UInt64.random(in: 0..<300, using: &random))
        }
        try send(LogRange(epoch: range.epoch, from: from, to: range.to), Int.random(in: 1...700, using: &random))
    }

    private mutating func send(_ range: LogRange, _ maximum: Int) throws {
        var bytes = ByteBuffer()
        do throws(ScrapeLogError) {
            _ = try log.read(range, maximum: maximum, into: &bytes)
            _ = try replica.write(epoch: range.epoch, from: range.from, bytes: bytes)
        } catch {
            // In the middle of a hole; or the disk does not give it.
            guard error.code == .notHeld || error.code == .io else { throw error }
        }
    }

    private mutating func confirm() throws {
        try replica.sync()
        let ranges = replica.durableRanges
        let held = replica.heldRanges
        confirmed.formUnion(LogRangeSet(ranges))
        var bytes = LogRangeSet(ranges)
        for range in ranges { for part in LogRangeSet(held).missing(from: range) { bytes.remove(part) } }
        confirmedBytes.formUnion(bytes)
        log.acknowledged(by: "c", ranges)
    }

    private mutating func syncAgent() throws {
        let flushed = log.ranges
        let isOnDisk = log.state == .normal && log.statistics.bytesInMemory == 0
        guard let task = log.syncTask() else { return }
        do throws(ScrapeLogError) {
            try task.run()
            guard isOnDisk, agentDisk.hasPower else { return }
            for range in flushed { for part in doubtful.missing(from: range) { synced.insert(part) } }
        } catch {
            for range in flushed { for part in synced.missing(from: range) { doubtful.insert(part) } }
            log.syncFailed(error)
        }
    }

    private mutating func tellGaps() {
        let gaps = log.takeGaps(for: "c")
        guard agentDisk.hasPower else { return }
        guard Int.random(in: 0..<3, using: &random) > 0 else {
            // The connection breaks, now or later.
            if Bool.random(using: &random) { log.returnGaps(gaps, for: "c") } else { onTheWire += gaps }
            return
        }
        for gap in gaps {
            replica.noteGap(gap.range)
            told.insert(gap.range)
            scrapesTold += UInt64(gap.scrapes)
        }
    }

    private mutating func trouble() {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: agentDisk.fail([.write, .create, .truncate, .synchronize, .rename, .remove], with: EROFS)
        case 1: agentDisk.fail([.write], with: EIO)
        case 2: agentDisk.fail([.synchronize], with: EIO)
        case 3: agentDisk.capacity = agentDisk.used + Int.random(in: 0...700, using: &random)
        default: agentDisk.fail([.create], with: ENOSPC)
        }
    }

    private mutating func recover() {
        agentDisk.work()
        agentDisk.capacity = nil
        log.recover(nowMilliseconds: Int64(next) * 100_000)
    }

    // MARK: Lives

    private mutating func stopAgent() throws {
        let epoch = log.epoch
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            agentDisk.work()
            agentDisk.capacity = nil
            log.close()
            guard agentDisk.hasPower else { return }
            remember()
            let closed = log.epoch
            agentDisk = agentDisk.afterKill()
            try reopenAgent()
            #expect(log.epoch == closed, "seed \(seed): closed in good order, and yet a new epoch")
        case 1:
            agentDisk = agentDisk.afterKill()
            try reopenAgent()
            #expect(log.epoch != epoch, "seed \(seed): killed, and yet no new epoch")
        default: try agentLosesPower()
        }
    }

    private mutating func agentLosesPower() throws {
        let epoch = log.epoch
        agentDisk = agentDisk.afterPowerLoss(&random)
        try reopenAgent()
        #expect(log.epoch != epoch && ledger[log.epoch] == nil, "seed \(seed): power lost, and yet no new epoch")
        let held = LogRangeSet(log.ranges)
        let gaps = log.takeGaps(for: "c")
        log.returnGaps(gaps, for: "c")
        var accounted = confirmed
        accounted.formUnion(told)
        accounted.formUnion(LogRangeSet(gaps.map(\.range)))
        for range in synced.ranges {
            for part in held.missing(from: range) {
                #expect(accounted.contains(part), "seed \(seed): \(part) was durable and is gone without a word")
            }
        }
    }

    private mutating func reopenAgent() throws {
        scrapes.waiting = []
        scrapes.lost = []
        onTheWire = []
        log = try Self.open(agentDisk)
        wire()
        try check()
        for range in log.acknowledged(by: "c") {
            #expect(confirmed.contains(range), "seed \(seed): \(range) was never acknowledged")
        }
        remember()
    }

    private mutating func stopReplica() throws {
        if Bool.random(using: &random) {
            replicaDisk = replicaDisk.afterKill()
        } else {
            replicaDisk = replicaDisk.afterPowerLoss(&random)
            replicaLostPower = true
        }
        replica = try replicaDisk.run { try ReplicaLog(storage: .directory(Self.path), clock: { 0 }) }
        let held = LogRangeSet(replica.heldRanges)
        for range in confirmedBytes.ranges {
            #expect(held.contains(range), "seed \(seed): \(range) was acknowledged and is lost")
        }
        try check()
    }

    // MARK: Checks

    /// What both hold is what was said, and every scrape is in the log once.
    func check() throws {
        var places: [Int: (epoch: UInt64, offset: UInt64)] = [:]
        for (who, range, bytes) in try log.ranges.map({ ("agent", $0, try log.bytes($0)) })
            + replica.heldRanges.map({ ("collector", $0, try replica.bytes($0)) })
        {
            guard let known = ledger[range.epoch] else { continue }
            let upTo = min(known.count, Int(range.to))
            guard upTo > Int(range.from) else { continue }
            let isEqual = zip(bytes.readableBytesView, known[Int(range.from)..<upTo]).allSatisfy {
                $1 == nil || $0 == $1
            }
            #expect(isEqual, "seed \(seed): the \(who) holds other bytes in \(range)")
        }
        for record in try log.records() + replica.records() where record.header.kind.isScrape {
            let number = Int(record.header.time)
            if let place = places[number] {
                #expect(
                    place == (record.epoch, record.offset), "seed \(seed): scrape \(number) is in the log twice")
            }
            places[number] = (record.epoch, record.offset)
        }
    }

    /// All is well again and the wire works: what is left arrives.
    mutating func finish() throws {
        agentDisk.work()
        agentDisk.capacity = nil
        _ = log.recover(nowMilliseconds: .max / 2)
        flush()
        log.returnGaps(onTheWire, for: "c")
        for gap in log.takeGaps(for: "c") { replica.noteGap(gap.range) }
        for _ in 0..<1000 {
            let held = LogRangeSet(replica.ranges)
            guard let range = log.ranges.flatMap({ held.missing(from: $0) }).first else { break }
            try send(range, 1 << 20)
        }
        try check()
        #expect(replica.statistics.damagedSegments == 0, "seed \(seed)")
        let settled = LogRangeSet(replica.ranges)
        for range in log.ranges {
            #expect(settled.contains(range), "seed \(seed): \(range) did not arrive")
            let whole = LogRange(epoch: range.epoch, from: 0, to: range.to)
            // A replica that lost power may have forgotten gaps.
            guard !replicaLostPower else { continue }
            #expect(settled.contains(whole), "seed \(seed): the collector waits for ever for part of \(whole)")
        }
    }
}
