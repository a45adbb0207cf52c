import NIOCore

@testable import ScrapeLog

/// A log with something of every kind of record in it, over three segments of one epoch, and what its files look like.
struct LogFiles {
    static let path = "/log"

    /// Where one record lies.
    struct Place {
        var record: LogRecord
        /// Index of the segment, and the record's offset in its file.
        var segment: Int
        var offset: Int
        var length: Int { Int(record.header.length) }
    }

    let disk: MemoryDisk
    var names: [String] = []
    var places: [Place] = []
    var epoch: UInt64

    /// Closed in good order when `isClean`, else killed; one collector, `c`, has acknowledged nothing.
    init(isClean: Bool = true) throws {
        let writing = MemoryDisk()
        let log = try Self.open(writing)
        let table: [(target: UInt32, payload: ByteBuffer)] = [
            (1, ByteBuffer(string: "target one")), (2, ByteBuffer(string: "target two")),
        ]
        log.table = { table }
        for segment in 0..<3 {
            for number in segment * 10..<segment * 10 + 6 {
                let target = UInt32(number % 2 + 1)
                let isFirst = number % 10 < 2
                let lines = isFirst ? ByteBuffer(string: "lines of \(target)") : ByteBuffer()
                log.append(
                    isFirst ? .keyframe : .delta, target: target, time: Int64(number), payload: payload(number),
                    lines: lines)
            }
            log.append(.targetAnnounced, target: 3, time: 99, payload: ByteBuffer(string: "target three"))
            log.append(.targetWithdrawn, target: 3, time: 99, payload: ByteBuffer())
            log.append(.gap, target: 0, time: 99, payload: ByteBuffer(string: "gap"))
            log.sealSegment()
        }
        epoch = log.epoch
        for record in try log.records() {
            if record.header.kind == .segmentHeader {
                let name = SegmentName(epochSequence: 1, epoch: record.epoch, start: record.offset)
                names.append(name.text)
            }
            let start = SegmentName(names[names.count - 1])?.start ?? 0
            places.append(Place(record: record, segment: names.count - 1, offset: Int(record.offset - start)))
        }
        if isClean { log.close() } else { try log.syncTask()?.run() }
        disk = writing.afterKill()
    }

    static func open(_ disk: MemoryDisk) throws -> ScrapeLog {
        let log = try disk.run {
            try ScrapeLog(.init(storage: .directory(path), maximumBytes: 1 << 20), nowMilliseconds: 0)
        }
        log.configureCollectors(["c"])
        return log
    }

    func bytes(_ segment: Int) -> [UInt8] { disk.bytes("\(Self.path)/\(names[segment])") ?? [] }

    /// The same directory with another content of one file.
    func disk(with bytes: [UInt8], at segment: Int) -> MemoryDisk {
        let copy = disk.afterKill()
        copy.put(bytes, at: "\(Self.path)/\(names[segment])")
        return copy
    }
}

extension [UInt8] {
    /// A record's checksum, made right again after its bytes were changed.
    mutating func mendChecksum(at offset: Int, length: Int) {
        var crc = CRC32C()
        crc.update(ByteBuffer(bytes: self[offset + 8..<offset + length]))
        for index in 0..<4 { self[offset + 4 + index] = UInt8(truncatingIfNeeded: crc.value >> (8 * index)) }
    }
}
