import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// What is kept in memory beside the files says the same as the files.
@Suite struct RecentBytesTests {
    /// What the files hold, by epoch and offset.
    private func contents(_ directory: TemporaryDirectory) throws -> [(name: SegmentName, bytes: [UInt8])] {
        try directory.names(suffix: SegmentName.suffix).compactMap { text in
            guard let name = SegmentName(text) else { return nil }
            return (name, try directory.bytes(text))
        }
    }

    /// Every way of cutting what the log gives agrees with the files.
    private func check(_ log: ScrapeLog, _ directory: TemporaryDirectory, _ random: inout SeededGenerator) throws {
        for (name, bytes) in try contents(directory) where !bytes.isEmpty {
            for _ in 0..<3 {
                let from = Int.random(in: 0..<bytes.count, using: &random)
                let to = min(bytes.count, from + Int.random(in: 1...9000, using: &random))
                let range = LogRange(
                    epoch: name.epoch, from: name.start + UInt64(from), to: name.start + UInt64(to))
                #expect(try Array(log.bytes(range).readableBytesView) == Array(bytes[from..<to]))
            }
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `what an agent's log gives is what is in its files, through segments, epochs and a failing disk`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory, maximumBytes: 8 << 20, segmentBytes: 60_000)
        log.configureCollectors(["c"])
        for step in 0..<200 {
            for number in 0..<Int.random(in: 1...4, using: &random) {
                log.scrape(step * 10 + number, size: Int.random(in: 1...1500, using: &random))
            }
            switch Int.random(in: 0..<40, using: &random) {
            case 0: log.sealSegment()
            case 1: log.beginEpoch(nowMilliseconds: 0)
            case 2: log.syncFailed(ScrapeLogError(code: .io, message: "this test's disk", culprit: nil))
            case 3: #expect(log.recover(nowMilliseconds: Int64(step) * 100_000))
            case 4: log.acknowledged(by: "c", log.ranges)
            case 5: _ = log.makeRoom(target: 1, payloadBytes: 20_000, time: 0)
            default: log.flush()
            }
            if step % 30 == 0 { try check(log, directory, &random) }
        }
        log.flush()
        // What is in memory reads like the rest.
        for range in log.ranges { #expect(try UInt64(log.bytes(range).readableBytes) == range.count) }
        #expect(try !log.records().isEmpty)
    }

    @Test func `only the newest bytes are kept, and never those of another epoch`() {
        var random = SeededGenerator(seed: 11)
        var recent = RecentBytes(limit: 100)
        var epochs: [UInt64: [Int: UInt8]] = [:]
        var (epoch, end): (UInt64, Int) = (1, 0)
        for _ in 0..<1000 {
            if Int.random(in: 0..<30, using: &random) == 0 { epoch += 1 }
            // A hole: something was stored elsewhere.
            if Int.random(in: 0..<30, using: &random) == 0 { end += Int.random(in: 1...50, using: &random) }
            if Int.random(in: 0..<100, using: &random) == 0 {
                recent.clear()
                epochs = [:]
            }
            let bytes = (0..<Int.random(in: 0...150, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            recent.append(ByteBuffer(bytes: bytes), epoch: epoch, at: UInt64(end))
            for (index, byte) in bytes.enumerated() { epochs[epoch, default: [:]][end + index] = byte }
            end += bytes.count
            let from = max(0, end - Int.random(in: 0...250, using: &random))
            var read = ByteBuffer()
            let maximum = Int.random(in: 0...200, using: &random)
            let asked = Bool.random(using: &random) ? epoch : max(1, epoch - 1)
            let count = recent.read(epoch: asked, at: UInt64(from), maximum: maximum, into: &read)
            #expect(count == read.readableBytes && count <= maximum)
            let known = (0..<count).map { epochs[asked]?[from + $0] }
            #expect(known == read.readableBytesView.map { $0 })
            if asked == epoch, bytes.count >= 100, maximum > 0, from < end, from >= end - 100 { #expect(count > 0) }
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `what a replica gives is what it was given, whatever is cut off and comes again`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let source = try ScrapeLog.inMemory(16 << 20)
        for number in 0..<300 {
            source.scrape(number, target: UInt32(number % 7) + 1, size: Int.random(in: 1...900, using: &random))
        }
        source.flush()
        let (epoch, bytes) = (source.epoch, Array(try source.bytes(source.ranges[0]).readableBytesView))
        let directory = try TemporaryDirectory()
        let replica = try ReplicaLog.open(directory)
        var end = 0
        while end < bytes.count {
            var part = Array(bytes[end..<min(bytes.count, end + Int.random(in: 1...5000, using: &random))])
            let isDamaged = Int.random(in: 0..<10, using: &random) == 0
            if isDamaged { part[part.count / 2] ^= 0x55 }
            _ = try? replica.write(epoch: epoch, from: UInt64(end), bytes: ByteBuffer(bytes: part))
            end = Int(replica.ranges.last?.to ?? 0)
            guard end > 0 else { continue }
            let from = max(0, end - Int.random(in: 1...40_000, using: &random))
            let read = try replica.bytes(LogRange(epoch: epoch, from: UInt64(from), to: UInt64(end)))
            // A record that was begun by damaged bytes is not known to be bad before it is whole.
            let boundary = Int(replica.boundary(before: UInt64(end), epoch: epoch))
            let sure = max(0, boundary - from)
            #expect(Array(read.readableBytesView.prefix(sure)) == Array(bytes[from..<from + sure]))
            let file = try directory.bytes(try #require(try directory.replicaFiles().first))
            #expect(Array(read.readableBytesView) == Array(file[from..<end]))
        }
        #expect(
            try replica.bytes(LogRange(epoch: epoch, from: 0, to: UInt64(end))).readableBytesView.elementsEqual(bytes))
    }

    // MARK: What a segment repeats

    private func line(_ number: Int) -> ByteBuffer { payload(number % 5, size: 3000 + number % 5) }

    /// Writes five dictionary records, their keyframes and some deltas, flushing each; gives what was flushed.
    private func segment(_ log: ScrapeLog) -> (introductions: [LogRange], deltas: [LogRange]) {
        var (introductions, deltas): ([LogRange], [LogRange]) = ([], [])
        func flushed(_ body: () -> Void) -> LogRange {
            let from = log.end
            body()
            log.flush()
            return LogRange(epoch: log.epoch, from: from, to: log.end)
        }
        for number in 0..<5 {
            introductions.append(
                flushed {
                    log.append(.line, target: 0, time: 1, payload: line(number))
                    log.scrape(number, target: UInt32(number + 1))
                })
        }
        for number in 0..<20 {
            deltas.append(
                flushed { log.append(.delta, target: UInt32(number % 5) + 1, time: 2, payload: payload(number)) })
        }
        return (introductions, deltas)
    }

    @Test(arguments: [true, false])
    func `a new segment's dictionary is found in the one before, even when that is deleted`(isInMemory: Bool) throws {
        let directory = try TemporaryDirectory()
        let log = isInMemory ? try ScrapeLog.inMemory(1 << 20) : try ScrapeLog.open(directory)
        log.configureCollectors(["c"])
        let first = segment(log)
        #expect((first.introductions + first.deltas).allSatisfy { log.counterpart(of: $0) == nil })
        let before = try log.bytes(log.ranges[0])
        log.sealSegment()
        log.acknowledged(by: "c", log.ranges)
        #expect(log.statistics.segments == 0)
        let second = segment(log)
        for (number, range) in second.introductions.enumerated() {
            let place = try #require(log.counterpart(of: range))
            #expect(place.epoch == range.epoch && place.to <= log.ranges[0].from)
            let bytes = try log.bytes(place)
            #expect(UInt64(bytes.readableBytes) == place.count)
            #expect(bytes == before.getSlice(at: Int(place.from), length: Int(place.count)))
            let text = Array(line(number).readableBytesView.suffix(2900))
            #expect(bytes.readableBytesView.firstRange(of: text) != nil)
        }
        #expect(second.deltas.allSatisfy { log.counterpart(of: $0) == nil })
        log.beginEpoch(nowMilliseconds: 3)
        let third = segment(log)
        #expect(third.introductions.allSatisfy { log.counterpart(of: $0) == nil }, "nothing of another epoch")
    }

    @Test func `cursors that only moved are saved now and then, a gap at once`() throws {
        let directory = try TemporaryDirectory()
        let log = try ScrapeLog.open(directory, maximumBytes: 8000, segmentBytes: 600)
        log.configureCollectors(["c"])
        _ = log.syncTask()
        let before = try directory.bytes(Cursors.name)
        log.scrape(1)
        log.flush()
        log.acknowledged(by: "c", log.ranges)
        var passes = 0
        while try directory.bytes(Cursors.name) == before, passes < 20 {
            _ = log.syncTask()
            passes += 1
        }
        #expect(passes == ScrapeLog.passesPerCursors)
        for number in 0..<300 { log.scrape(number) }
        log.flush()
        let saved = { String(decoding: try directory.bytes(Cursors.name), as: UTF8.self) }
        #expect(try saved().contains("\ngap "))
        let gaps = log.takeGaps(for: "c")
        #expect(!gaps.isEmpty)
        for _ in 0..<ScrapeLog.passesPerCursors { _ = log.syncTask() }
        #expect(try saved().contains("\ngap "), "told, but nobody has confirmed it")
        log.acknowledged(by: "c", gaps.map(\.range))
        for _ in 0..<ScrapeLog.passesPerCursors { _ = log.syncTask() }
        #expect(try !saved().contains("\ngap "))
    }
}

extension TemporaryDirectory {
    /// The files of a replica, relative to its directory.
    fileprivate func replicaFiles() throws -> [String] {
        try names(suffix: "").filter { ReplicaNames.parse(directory: $0) != nil }.flatMap { epoch in
            try names(below: epoch, suffix: "").filter { ReplicaNames.parse(file: $0) != nil }.map { "\(epoch)/\($0)" }
        }
    }
}
