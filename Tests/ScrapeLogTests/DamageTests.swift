import Glibc
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// What is left of a log whose files were damaged, in every part of a file.
@Suite struct DamageTests {
    /// What somebody did to a record of a file.
    struct Damage: Sendable, CustomTestStringConvertible {
        var name: String
        /// Gives the changed bytes; the first bad record begins where that of the place did.
        var apply: @Sendable (_ bytes: [UInt8], _ place: LogFiles.Place) -> [UInt8]

        var testDescription: String { name }
    }

    static func set(
        _ field: Int, _ value: [UInt8], mending: Bool = false
    ) -> @Sendable ([UInt8], LogFiles.Place) -> [UInt8] {
        { bytes, place in
            var bytes = bytes
            bytes.replaceSubrange(place.offset + field..<place.offset + field + value.count, with: value)
            if mending { bytes.mendChecksum(at: place.offset, length: place.length) }
            return bytes
        }
    }

    /// Damage that leaves the records before it good, and nothing after it in its file.
    static let damages: [Damage] = [
        Damage(name: "a length of 0", apply: set(0, [0, 0, 0, 0])),
        Damage(name: "a length of 31", apply: set(0, [31, 0, 0, 0])),
        Damage(name: "a length of 4 GiB", apply: set(0, [255, 255, 255, 255])),
        Damage(name: "a length beyond the file", apply: set(0, [0, 0, 255, 0])),
        Damage(name: "the longest length", apply: set(0, [0, 0, 0, 2])),
        Damage(name: "a length that is one too long") { bytes, place in
            var bytes = bytes
            bytes[place.offset] += 1
            return bytes
        },
        Damage(name: "a wrong checksum", apply: set(4, [1, 2, 3, 4])),
        Damage(name: "an unknown kind", apply: set(8, [77], mending: true)),
        Damage(name: "kind 0", apply: set(8, [0], mending: true)),
        Damage(name: "a reserved byte", apply: set(9, [1], mending: true)),
        Damage(name: "a reserved word", apply: set(10, [1, 1], mending: true)),
        Damage(name: "another target", apply: set(12, [9, 9, 9, 9])),
        Damage(name: "another time", apply: set(16, [9, 9, 9, 9])),
        Damage(name: "another distance", apply: set(24, [9, 9, 9, 9, 9])),
        Damage(name: "a byte between records") { bytes, place in
            Array(bytes[..<place.offset]) + [0xAA] + Array(bytes[place.offset...])
        },
        Damage(name: "a record too few bytes") { bytes, place in
            Array(bytes[..<place.offset]) + Array(bytes[(place.offset + 1)...])
        },
        Damage(name: "zeros to the end") { bytes, place in
            Array(bytes[..<place.offset]) + [UInt8](repeating: 0, count: bytes.count - place.offset)
        },
        Damage(name: "noise to the end") { bytes, place in
            var random = SeededGenerator(seed: 5)
            return Array(bytes[..<place.offset])
                + (place.offset..<bytes.count).map { _ in UInt8.random(in: 1...255, using: &random) }
        },
        Damage(name: "cut before the record") { bytes, place in Array(bytes[..<place.offset]) },
        Damage(name: "cut in the header") { bytes, place in Array(bytes[..<(place.offset + 5)]) },
        Damage(name: "cut in the record") { bytes, place in Array(bytes[..<(place.offset + place.length - 1)]) },
    ]

    @Test(arguments: damages)
    func `what is before the damage is kept, what follows in the file is counted and announced`(
        damage: Damage
    ) throws {
        let files = try LogFiles()
        for place in files.places {
            // The first record of a file is another story.
            if place.offset == 0 { continue }
            let bytes = damage.apply(files.bytes(place.segment), place)
            let disk = files.disk(with: bytes, at: place.segment)
            let log = try LogFiles.open(disk)
            let kept = files.places.filter { $0.segment != place.segment || $0.offset < place.offset }
            #expect(try log.records() == kept.map(\.record), "\(place.record.header.kind) at \(place.offset)")
            let isCut = bytes.count > place.offset
            #expect(log.statistics.repairedBytes == UInt64(bytes.count - place.offset))
            #expect(log.statistics.repairedSegments == (isCut ? 1 : 0))
            #expect(log.epoch != files.epoch || !isCut && place.segment < 2)
            // What is missing up to the next segment is announced in one or two parts, once.
            let next = files.places.first { $0.segment == place.segment + 1 }?.record.offset
            let gaps = LogRangeSet(log.takeGaps(for: "c").map(\.range))
            let end = next ?? place.record.offset + UInt64(bytes.count - place.offset)
            let whole = LogRange(epoch: files.epoch, from: place.record.offset, to: end)
            #expect(gaps.contains(whole) && log.takeGaps(for: "c").isEmpty)
            #expect(log.statistics.missingBytes >= whole.count)
            // It works, and the next start finds nothing more to mend.
            log.scrape(1000)
            log.flush()
            #expect(try log.scrapes().last == 1000)
            let again = try LogFiles.open(disk.afterKill())
            #expect(again.statistics.repairedBytes == 0 && again.statistics.missingBytes == 0)
            #expect(try again.records().dropLast(2) == log.records().dropLast(2))
        }
    }

    @Test func `a flipped bit in the first record of a file costs the file, and only files that may be another's stay`()
        throws
    {
        let files = try LogFiles()
        let length = files.places[0].length
        for segment in 0..<3 {
            // One bit of every byte, and all of the lengths and the version.
            for bit in 0..<length * 8 where bit % 8 == bit / 8 % 8 || bit < 32 || (320..<336).contains(bit) {
                var bytes = files.bytes(segment)
                bytes[bit / 8] ^= 1 << (bit % 8)
                let log = try LogFiles.open(files.disk(with: bytes, at: segment))
                #expect(try log.records() == files.places.filter { $0.segment != segment }.map(\.record))
                let isAlien = (32..<42).contains(bit / 8) && log.statistics.setAsideSegments == 1
                #expect(log.statistics.repairedBytes == (isAlien ? 0 : UInt64(bytes.count)), "bit \(bit)")
                #expect(log.takeGaps(for: "c").reduce(0) { $0 + $1.range.count } == UInt64(bytes.count))
            }
        }
    }

    @Test func `files of another version, of another log and of no log at all are set aside with every byte`() throws {
        let files = try LogFiles()
        let other = try LogFiles()
        var newer = files.bytes(1)
        newer[40] = UInt8(SegmentHeader.currentVersion) + 1
        newer.mendChecksum(at: 0, length: files.places[0].length)
        var strange = files.bytes(1)
        // What a version of the future may look like to this one: its record headers make no sense.
        strange.replaceSubrange(0..<32, with: [UInt8](repeating: 0xF7, count: 32))
        strange[40] = 9
        let picture = [UInt8]("\u{89}PNG".utf8) + [UInt8](repeating: 7, count: 3000)
        for (bytes, name) in [
            (newer, "newer"), (strange, "strange"), (picture, "picture"), (other.bytes(1), "another log's"),
        ] {
            let disk = files.disk(with: bytes, at: 1)
            let log = try LogFiles.open(disk)
            #expect(log.statistics.setAsideSegments == 1 && log.statistics.repairedBytes == 0, "\(name)")
            #expect(disk.bytes("\(LogFiles.path)/\(files.names[1]).unknown") == bytes, "\(name)")
            #expect(disk.bytes("\(LogFiles.path)/\(files.names[1])") == nil, "\(name)")
            #expect(try log.records() == files.places.filter { $0.segment != 1 }.map(\.record), "\(name)")
        }
    }

    @Test(arguments: [0, 1, 31, 32, 41, 42, 69, 70])
    func `the torn beginning of a file is no reason to keep it, and none to complain`(length: Int) throws {
        let files = try LogFiles(isClean: false)
        for bytes in [Array(files.bytes(2)[..<length]), [UInt8](repeating: 0, count: length)] {
            let disk = files.disk(with: bytes, at: 2)
            let log = try LogFiles.open(disk)
            let isWhole = length == 70 && bytes[0] != 0
            let kept = files.places.filter { $0.segment != 2 || isWhole && $0.offset == 0 }
            #expect(try log.records() == kept.map(\.record))
            #expect(log.statistics.setAsideSegments == 0)
            #expect(log.statistics.repairedBytes == UInt64(isWhole ? 0 : length))
        }
    }

    @Test func `a sector that cannot be read costs what is behind it until it can be read again`() throws {
        let files = try LogFiles()
        let disk = files.disk.afterKill()
        disk.fail([.read], with: EIO)
        let log = try LogFiles.open(disk)
        #expect(log.statistics.setAsideSegments == 3)
        disk.work()
        log.scrape(1000)
        log.flush()
        #expect(try log.scrapes() == [1000])
    }

    @Test func `a disk that takes no mending is no reason not to start`() throws {
        let files = try LogFiles()
        for calls: Set<MemoryDisk.Call> in [[.truncate], [.remove], [.rename], [.synchronize], [.truncate, .remove]] {
            for segment in 0..<3 {
                var bytes = files.bytes(segment)
                bytes[bytes.count - 10] ^= 1
                let disk = files.disk(with: bytes, at: segment)
                disk.fail(calls, with: EIO)
                let log = try LogFiles.open(disk)
                let kept = try log.records()
                #expect(kept.count == files.places.count - 1)
                #expect(log.epoch != files.epoch)
                log.scrape(1000)
                log.flush()
                #expect(try log.records().dropLast(2) == kept[...])
            }
        }
    }

    @Test func `a segment whose file is gone is a hole that is announced once, not waited for`() throws {
        let files = try LogFiles()
        let disk = files.disk.afterKill()
        disk.delete("\(LogFiles.path)/\(files.names[1])")
        let log = try LogFiles.open(disk)
        let starts = files.places.filter { $0.offset == 0 }.map(\.record.offset)
        let gaps = log.takeGaps(for: "c")
        #expect(gaps.map(\.range) == [LogRange(epoch: files.epoch, from: starts[1], to: starts[2])])
        #expect(log.statistics.missingBytes == starts[2] - starts[1])
        // It was told, and confirmed nothing: after a restart it is told again, and then no more.
        _ = log.syncTask()
        log.close()
        let second = disk.afterKill()
        let next = try LogFiles.open(second)
        #expect(next.takeGaps(for: "c") == gaps && next.statistics.missingBytes == 0)
        next.acknowledged(by: "c", gaps.map(\.range))
        next.close()
        let last = try LogFiles.open(second.afterKill())
        #expect(last.takeGaps(for: "c").isEmpty)
    }

    @Test func `without cursors a collector is told why the log begins where it does`() throws {
        let files = try LogFiles()
        let disk = files.disk.afterKill()
        disk.delete("\(LogFiles.path)/\(files.names[0])")
        let start = files.places.first { $0.segment == 1 }?.record.offset ?? 0
        let beginning = [LogRange(epoch: files.epoch, from: 0, to: start)]
        let known = disk.afterKill()
        #expect(try LogFiles.open(known).takeGaps(for: "c").map(\.range) == beginning)
        let lost = disk.afterKill()
        lost.delete("\(LogFiles.path)/cursors")
        #expect(try LogFiles.open(lost).takeGaps(for: "c").map(\.range) == beginning)
        // A collector that is new has nothing to do with what was before it.
        let log = try LogFiles.open(disk.afterKill())
        log.configureCollectors(["c", "new"])
        #expect(log.takeGaps(for: "new").isEmpty)
    }

    @Test func `cursors that claim more than was written claim nothing`() throws {
        let files = try LogFiles()
        var cursors = Cursors()
        cursors.collectors["c"] = Cursors.Cursor(
            acknowledged: LogRangeSet([LogRange(epoch: files.epoch, from: 0, to: .max)]))
        let disk = files.disk.afterKill()
        disk.put(Array(cursors.text.utf8), at: "\(LogFiles.path)/cursors")
        let log = try LogFiles.open(disk)
        #expect(log.epoch == files.epoch)
        #expect(log.acknowledged(by: "c").allSatisfy { $0.to <= log.end })
        for number in 100..<120 { log.scrape(number) }
        log.sealSegment()
        #expect(try log.scrapes() == Array(100..<120))
    }

    @Test(arguments: 0..<20)
    func `a file in which anything was changed anywhere never costs more than its rest`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let files = try LogFiles(isClean: Bool.random(using: &random))
        for _ in 0..<20 {
            let segment = Int.random(in: 0..<3, using: &random)
            var bytes = files.bytes(segment)
            var first = bytes.count
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let from = Int.random(in: 0..<bytes.count, using: &random)
                let to = min(bytes.count, from + Int.random(in: 0...90, using: &random))
                first = min(first, from)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: for index in from..<to { bytes[index] = UInt8.random(in: 0...255, using: &random) }
                case 1: bytes.removeSubrange(from..<to)
                default: bytes.insert(contentsOf: bytes[from..<to], at: from)
                }
            }
            let log = try LogFiles.open(files.disk(with: bytes, at: segment))
            let records = try log.records()
            let safe = files.places.filter { $0.segment != segment || $0.offset + $0.length <= first }
            let found = Set(records)
            let isSetAside = log.statistics.setAsideSegments > 0
            for place in safe where place.segment != segment || !isSetAside {
                #expect(found.contains(place.record), "seed \(seed)")
            }
            #expect(found.isSubset(of: files.places.map(\.record)), "seed \(seed): a record nobody wrote")
        }
    }
}
