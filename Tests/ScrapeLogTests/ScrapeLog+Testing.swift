import NIOCore
import ScrapeLog

/// What a scrape's payload looks like here: a number that tells it from every other.
func payload(_ number: Int, size: Int = 40) -> ByteBuffer {
    var buffer = ByteBuffer(string: "scrape \(number) ")
    while buffer.readableBytes < size { buffer.writeInteger(UInt8(truncatingIfNeeded: number &+ buffer.readableBytes)) }
    return buffer
}

extension ScrapeLog {
    /// A log in a directory, small enough for tests.
    static func open(
        _ directory: TemporaryDirectory, maximumBytes: UInt64 = 1 << 20, segmentBytes: UInt64 = 64 << 10,
        scrapes: Int = 256
    ) throws -> ScrapeLog {
        let log = try ScrapeLog(
            Configuration(
                storage: .directory(directory.path), maximumBytes: maximumBytes, segmentBytes: segmentBytes,
                scrapesPerSegmentPerTarget: scrapes, fallbackBytes: 64 << 10), nowMilliseconds: 1000)
        // Keeps the directory as long as the log.
        log.table = {
            _ = directory
            return []
        }
        return log
    }

    static func inMemory(_ bytes: Int) throws -> ScrapeLog {
        try ScrapeLog(Configuration(storage: .memory(maximumBytes: bytes)), nowMilliseconds: 1000)
    }

    func scrape(_ number: Int, target: UInt32 = 1, size: Int = 40) {
        append(.keyframe, target: target, time: Int64(number), payload: payload(number, size: size))
    }

    /// All bytes of a range.
    func bytes(_ range: LogRange) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        var position = range.from
        while position < range.to {
            let rest = LogRange(epoch: range.epoch, from: position, to: range.to)
            let count = try read(rest, maximum: 1000, into: &buffer)
            if count == 0 { break }
            position += UInt64(count)
        }
        return buffer
    }

    /// Every record that can be read, oldest first.
    func records() throws -> [LogRecord] {
        try ranges.flatMap { range in try parse(try bytes(range), epoch: range.epoch, from: range.from) }
    }

    /// The numbers of the scrapes that can be read, oldest first.
    func scrapes() throws -> [Int] { try records().filter { $0.header.kind.isScrape }.map { Int($0.header.time) } }
}

extension ReplicaLog {
    static func open(_ directory: TemporaryDirectory, clock: @escaping () -> Int64 = { 0 }) throws -> ReplicaLog {
        try ReplicaLog(
            storage: .directory(directory.path),
            clock: {
                // Keeps the directory as long as the replica.
                _ = directory
                return clock()
            })
    }

    func bytes(_ range: LogRange) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        var position = range.from
        while position < range.to {
            let rest = LogRange(epoch: range.epoch, from: position, to: range.to)
            position += UInt64(try read(rest, maximum: 777, into: &buffer))
        }
        return buffer
    }

    func records() throws -> [LogRecord] {
        var records: [LogRecord] = []
        try forEachRecord { records.append($0) }
        return records
    }

    func scrapes() throws -> [Int] { try records().filter { $0.header.kind.isScrape }.map { Int($0.header.time) } }

    /// One sync pass, here and now.
    func sync() throws {
        while let task = syncTask() {
            try task.run()
            synced(task)
        }
    }
}

func parse(_ bytes: ByteBuffer, epoch: UInt64, from: UInt64) throws -> [LogRecord] {
    var assembler = RecordAssembler(epoch: epoch, offset: from)
    assembler.append(bytes)
    var records: [LogRecord] = []
    while let record = try assembler.next() { records.append(record) }
    return records
}
