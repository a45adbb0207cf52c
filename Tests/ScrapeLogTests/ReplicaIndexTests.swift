import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Where a replica says that the records of one target are.
@Suite struct ReplicaIndexTests {
    /// Some scrapes of a few targets, with announcements and dictionary records between them, in several segments.
    private static func stream(_ random: inout SeededGenerator) throws -> (epoch: UInt64, bytes: ByteBuffer) {
        let log = try ScrapeLog(
            .init(storage: .memory(maximumBytes: 1 << 20), segmentBytes: 2000, scrapesPerSegmentPerTarget: 30),
            nowMilliseconds: 0)
        log.table = { (1...3).map { ($0, ByteBuffer(string: "target \($0)")) } }
        for number in 0..<120 {
            let target = UInt32.random(in: 1...4, using: &random)
            let lines = UInt8.random(in: 0..<5, using: &random) == 0 ? payload(number) : ByteBuffer()
            let kind: RecordKind = UInt8.random(in: 0..<9, using: &random) == 0 ? .keyframe : .delta
            let size = Int.random(in: 10...90, using: &random)
            if !log.append(
                kind, target: target, time: Int64(number), payload: payload(number, size: size), lines: lines)
            {
                log.append(
                    .keyframe, target: target, time: Int64(number), payload: payload(number, size: size), lines: lines)
            }
            if number % 17 == 5 {
                log.append(.targetAnnounced, target: 4, time: Int64(number), payload: payload(number))
            }
            if number % 17 == 11 { log.append(.targetWithdrawn, target: 4, time: Int64(number), payload: ByteBuffer()) }
        }
        log.flush()
        return (log.epoch, try log.bytes(log.ranges[0]))
    }

    /// What the index says is what the records are.
    private static func check(_ replica: ReplicaLog, _ comment: Comment) throws {
        for segment in replica.segments() {
            let index = try #require(replica.index(of: segment), comment)
            var bytes = try #require(try replica.bytes(of: segment), comment)
            let records = try parse(replica.bytes(segment.range), epoch: segment.epoch, from: segment.start)
            func place(_ record: LogRecord) -> UInt64 { record.offset - segment.start }
            for target: UInt32 in 0...5 {
                let expected = records.filter { $0.header.target == target && $0.header.kind.isScrape }
                #expect(index[target].map { UInt64($0.place) } == expected.map(place), comment)
                #expect(index[target].map(\.time) == expected.map(\.header.time), comment)
                #expect(index[target].map(\.isKeyframe) == expected.map { $0.header.kind == .keyframe }, comment)
                for (position, record) in zip(index[target], expected) {
                    let ahead = position.place % 3 == 0 ? 500 : 0
                    let read = try bytes.record(at: position.place, length: position.length, ahead: ahead)
                    #expect(read == record, comment)
                }
            }
            let lines = records.filter { $0.header.kind == .line }
            #expect(index.lines.map { UInt64($0.place) } == lines.map(place), comment)
            #expect(index.lines.map { Int($0.length) } == lines.map { Int($0.header.length) }, comment)
            let changes = records.filter { $0.header.kind == .targetAnnounced || $0.header.kind == .targetWithdrawn }
            #expect(index.changes.map { UInt64($0.record.place) } == changes.map(place), comment)
            #expect(index.changes.map(\.target) == changes.map(\.header.target), comment)
            #expect(index.changes.map(\.isWithdrawal) == changes.map { $0.header.kind == .targetWithdrawn }, comment)
            let times = records.filter { $0.header.kind.isScrape }.map(\.header.time)
            #expect(index.firstTime == times.min() && index.lastTime == times.max(), comment)
            #expect(index.isComplete, comment)
            let again = try bytes.index(to: segment.end)
            #expect(again.lines == index.lines && again.changes == index.changes, comment)
            for target: UInt32 in 0...5 { #expect(again[target] == index[target], comment) }
        }
    }

    @Test(arguments: 0..<UInt64(24))
    func `records are found however the bytes came, and after a restart`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (epoch, bytes) = try Self.stream(&random)
        let end = UInt64(bytes.readableBytes)
        let starts = try parse(bytes, epoch: epoch, from: 0).filter { $0.header.kind == .segmentHeader }.map(\.offset)
        let directory = try TemporaryDirectory()
        let isInMemory = seed % 3 == 0
        var replica =
            isInMemory
            ? try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 }) : try ReplicaLog.open(directory)
        // Pieces begin where something is held, or at a segment, and may be known already.
        for step in 0..<400 {
            let held = replica.ranges.map(\.to).filter { $0 < end }
            var from = Bool.random(using: &random) ? held.randomElement(using: &random) : nil
            from = from ?? starts.randomElement(using: &random)
            let begin = from ?? 0
            let to = min(end, begin + UInt64.random(in: 1...700, using: &random))
            let piece = bytes.getSlice(at: Int(begin), length: Int(to - begin)) ?? ByteBuffer()
            _ = try replica.write(epoch: epoch, from: begin, bytes: piece)
            if step % 50 == 0 { try Self.check(replica, "seed \(seed), step \(step)") }
            if step % 90 == 45, !isInMemory {
                replica = try ReplicaLog.open(directory)
                try Self.check(replica, "seed \(seed), restart at \(step)")
            }
        }
        _ = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        #expect(replica.segments().count == starts.count)
        try Self.check(replica, "seed \(seed)")
        let scrapes = try replica.scrapes().count
        #expect(replica.statistics.indexBytes >= scrapes * 16)
        #expect(replica.statistics.indexBytes < scrapes * 16 + 8_000)
    }

    @Test func `a damaged record is not found, the good one that comes instead is`() throws {
        var random = SeededGenerator(seed: 1)
        let (epoch, bytes) = try Self.stream(&random)
        for index in stride(from: 50, to: bytes.readableBytes, by: 501) {
            let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 })
            var damaged = bytes
            let old: UInt8 = try #require(damaged.getInteger(at: index))
            damaged.setInteger(old ^ 16, at: index)
            _ = try? replica.write(epoch: epoch, from: 0, bytes: damaged)
            try Self.check(replica, "byte \(index)")
            let good = replica.boundary(before: replica.ranges.first?.to ?? 0, epoch: epoch)
            replica.noteGap(LogRange(epoch: epoch, from: replica.ranges.first?.to ?? 0, to: good + 10_000))
            try Self.check(replica, "byte \(index)")
        }
    }

    @Test func `positions beyond the limit are forgotten, oldest segments first, and found again by reading`() throws {
        var random = SeededGenerator(seed: 2)
        let (epoch, bytes) = try Self.stream(&random)
        var now: Int64 = 0
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { now })
        replica.maximumIndexed = 60
        var rest = bytes
        while let piece = rest.readSlice(length: min(100, rest.readableBytes)), piece.readableBytes > 0 {
            now += 1
            _ = try replica.write(
                epoch: epoch, from: UInt64(bytes.readableBytes - rest.readableBytes - piece.readableBytes),
                bytes: piece)
            let indexes = replica.segments().map { replica.index(of: $0) }
            #expect(indexes.last ?? nil != nil)
            let known = indexes.reduce(0) { $0 + ($1?.count ?? 0) }
            #expect(known <= 60 || indexes.dropLast().allSatisfy { $0 == nil })
        }
        let first = try #require(replica.segments().first)
        #expect(replica.index(of: first) == nil)
        let index = try #require(try replica.bytes(of: first)).index(to: first.end)
        let records = try parse(replica.bytes(first.range), epoch: epoch, from: 0).filter { $0.header.kind.isScrape }
        #expect((0...5).reduce(0) { $0 + index[$1].count } == records.count)
    }

    @Test func `a segment can be read after it has been deleted`() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 3)
        let (epoch, bytes) = try Self.stream(&random)
        let replica = try ReplicaLog.open(directory)
        _ = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        let first = try #require(replica.segments().first)
        var reader = try #require(try replica.bytes(of: first))
        let index = try #require(replica.index(of: first))
        let position = try #require(index[1].last)
        replica.expire(arrivedBefore: .max, maximumBytes: .max)
        #expect(try replica.bytes(of: first) == nil && replica.index(of: first) == nil)
        #expect(try reader.record(at: position.place, length: position.length).header.time == position.time)
        #expect(throws: ScrapeLogError.self) { try reader.record(at: position.place + 1, length: position.length) }
        #expect(throws: ScrapeLogError.self) { try reader.record(at: 1 << 30, length: 40) }
    }

    @Test func `segments behind a position are those that end behind it`() throws {
        var random = SeededGenerator(seed: 4)
        let (epoch, bytes) = try Self.stream(&random)
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 })
        _ = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        let all = replica.segments()
        #expect(all.count > 3)
        #expect(replica.segments(behind: epoch, 0) == all)
        #expect(replica.segments(behind: epoch, all[1].start) == Array(all[1...]))
        #expect(replica.segments(behind: epoch, all[1].end - 1) == Array(all[1...]))
        #expect(replica.segments(behind: epoch, all[1].end) == Array(all[2...]))
        #expect(replica.segments(behind: epoch, .max).isEmpty)
        #expect(replica.segments(behind: epoch &+ 1, 0) == all)
    }
}
