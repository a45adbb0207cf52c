import NIOCore

@testable import ScrapeLog

/// What holds for logs that are opened on whatever bytes a disk gives back.
enum LogLaws {
    private static let path = "/log"
    private static let epoch: UInt64 = 0x1122_3344_5566_7788

    /// Which law these bytes break; nil when none. The first byte says what they are: a segment of an agent's log, the files
    /// `cursors`, `clean`, a segment of a replica, its `skipped` or `notes`, or bytes that arrive in pieces.
    static func broken(by input: [UInt8]) -> String? {
        guard let what = input.first else { return nil }
        let bytes = Array(input.dropFirst())
        return switch what % 7 {
        case 0: segment(bytes)
        case 1: cursors(bytes)
        case 2: clean(bytes)
        case 3: replica(bytes, as: "0000000000000000.segment")
        case 4: replica(bytes, as: "skipped")
        case 5: replica(bytes, as: "notes")
        default: pieces(bytes)
        }
    }

    // MARK: The agent's log

    private static func segment(_ bytes: [UInt8]) -> String? {
        let disk = MemoryDisk()
        let name = SegmentName(epochSequence: 1, epoch: epoch, start: 0).text
        disk.put(bytes, at: "\(path)/\(name)")
        do {
            let log = try open(disk)
            let records = try records(log)
            let kept = records.reduce(0) { $0 + Int($1.header.length) }
            let statistics = log.statistics
            if statistics.setAsideSegments == 0, kept + Int(statistics.repairedBytes) != bytes.count {
                return "\(kept) bytes kept and \(statistics.repairedBytes) cut of \(bytes.count)"
            }
            if statistics.setAsideSegments > 0, disk.bytes("\(path)/\(name).unknown") != bytes {
                return "a file that was set aside is not what it was"
            }
            log.append(.keyframe, target: 1, time: 1, payload: ByteBuffer(string: "new"))
            log.close()
            let again = try open(disk.afterKill())
            guard try self.records(again).starts(with: records), again.statistics.repairedBytes == 0 else {
                return "opened again it is another log"
            }
        } catch {
            return "a disk that works, and yet: \(error)"
        }
        return nil
    }

    private static func cursors(_ bytes: [UInt8]) -> String? {
        // What a checksum would keep from being read is made to pass it.
        for text in [String(decoding: bytes, as: UTF8.self), sealed(bytes)] {
            guard let cursors = Cursors(text) else { continue }
            guard Cursors(cursors.text) == cursors else { return "cursors that are written are not read" }
        }
        let disk = MemoryDisk()
        disk.put(Array(sealed(bytes).utf8), at: "\(path)/cursors")
        do {
            let log = try open(disk)
            for number in 0..<3 {
                log.append(.keyframe, target: 1, time: Int64(number), payload: ByteBuffer(string: "scrape"))
            }
            log.sealSegment()
            guard try records(log).count == 4 else { return "not acknowledged, and yet deleted" }
            let gaps = log.takeGaps(for: "c")
            log.returnGaps(gaps, for: "c")
            log.acknowledged(by: "c", log.ranges + gaps.map(\.range))
            _ = log.statistics
            log.close()
            _ = try open(disk.afterKill())
        } catch {
            return "a disk that works, and yet: \(error)"
        }
        return nil
    }

    private static func clean(_ bytes: [UInt8]) -> String? {
        for text in [String(decoding: bytes, as: UTF8.self), sealed(bytes)] {
            guard let marker = CleanMarker(text) else { continue }
            guard CleanMarker(marker.text) == marker else { return "a mark that is written is not read" }
        }
        let disk = MemoryDisk()
        // Its last change is at time 2, and the start of the machine is boot-1: that much a mark can know.
        disk.put([], at: "\(path)/lock")
        disk.put(Array(sealed(bytes).utf8), at: "\(path)/clean")
        do {
            let log = try open(disk)
            log.append(.keyframe, target: 1, time: 1, payload: ByteBuffer(string: "scrape"))
            log.flush()
            guard try records(log).count == 2 else { return "a record that was appended is not there" }
            log.close()
            let again = try open(disk.afterKill())
            guard again.epoch == log.epoch, again.end == log.end else { return "closed well, and yet a new epoch" }
        } catch {
            return "a disk that works, and yet: \(error)"
        }
        return nil
    }

    private static func open(_ disk: MemoryDisk) throws -> ScrapeLog {
        let log = try disk.run {
            try ScrapeLog(.init(storage: .directory(path), maximumBytes: 1 << 30), nowMilliseconds: 0)
        }
        log.configureCollectors(["c"])
        return log
    }

    private static func records(_ log: ScrapeLog) throws -> [LogRecord] {
        try log.ranges.flatMap { range in
            var bytes = ByteBuffer()
            var rest = range
            while rest.count > 0 {
                let count = try log.read(rest, maximum: 1 << 20, into: &bytes)
                guard count > 0 else { break }
                rest.from += UInt64(count)
            }
            var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
            assembler.append(bytes)
            var records: [LogRecord] = []
            while let record = try assembler.next() { records.append(record) }
            return records
        }
    }

    /// The bytes as lines of a state file with a right checksum.
    private static func sealed(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return CheckedText.seal(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    // MARK: The replica

    private static func replica(_ bytes: [UInt8], as name: String) -> String? {
        let disk = MemoryDisk()
        let directory = "\(path)/00000001-\(hexadecimal(epoch))"
        let content = name == "skipped" ? Array(sealed(bytes).utf8) : bytes
        disk.put(content, at: name == "notes" ? "\(path)/notes" : "\(directory)/\(name)")
        do {
            let replica = try disk.run { try ReplicaLog(storage: .directory(path), clock: { 0 }) }
            _ = replica.readNotes()
            var records = 0
            try replica.forEachRecord { _ in records += 1 }
            guard replica.statistics.damagedSegments == 0 else { return "what was kept does not read" }
            let again = try disk.afterKill().run { try ReplicaLog(storage: .directory(path), clock: { 0 }) }
            guard again.ranges == replica.ranges, again.heldRanges == replica.heldRanges else {
                return "opened again it is another replica"
            }
        } catch {
            return "a disk that works, and yet: \(error)"
        }
        return nil
    }

    /// Whoever follows the records keeps to the same end, however the bytes are cut.
    private static func pieces(_ input: [UInt8]) -> String? {
        guard let size = input.first.map({ Int($0) + 1 }) else { return nil }
        let bytes = Array(input.dropFirst())
        var validator = RecordValidator(epoch: epoch, offset: 0, startsSegment: false)
        var assembler = RecordAssembler(epoch: epoch, offset: 0)
        var validated: UInt64 = 0
        var assembled: UInt64 = 0
        var isValid = true
        var isWhole = true
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            var rest = piece
            do { while isValid, try validator.advance(&rest) != nil {} } catch { isValid = false }
            validated = validator.boundary
            assembler.append(piece)
            do { while isWhole, let record = try assembler.next() { assembled = record.end } } catch { isWhole = false }
        }
        // A segment header that is too long is refused by one at its beginning, by the other at its end.
        guard validated == assembled else { return "validated up to \(validated), assembled up to \(assembled)" }
        return nil
    }
}
