import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

@Suite struct ReplicaTests {
    /// Bytes of one epoch in several segments, and the offsets at which those begin.
    private func stream(_ scrapes: Int = 30) throws -> (epoch: UInt64, bytes: ByteBuffer, starts: [UInt64]) {
        let log = try ScrapeLog(
            .init(storage: .memory(maximumBytes: 1 << 20), segmentBytes: 600), nowMilliseconds: 0)
        for number in 0..<scrapes { log.scrape(number) }
        log.flush()
        let starts = try log.records().filter { $0.header.kind == .segmentHeader }.map(\.offset)
        return (log.epoch, try log.bytes(log.ranges[0]), starts)
    }

    private func slice(_ bytes: ByteBuffer, _ from: UInt64, _ to: UInt64) -> ByteBuffer {
        bytes.getSlice(at: Int(from), length: Int(to - from)) ?? ByteBuffer()
    }

    @Test(arguments: [1, 5, 31, 32, 33, 100, 599, 100_000])
    func `bytes cut anywhere make equal bytes and one file per segment`(size: Int) throws {
        let directory = try TemporaryDirectory()
        let replica = try ReplicaLog.open(directory)
        let (epoch, bytes, starts) = try stream()
        var rest = bytes
        var position: UInt64 = 0
        while let part = rest.readSlice(length: min(size, rest.readableBytes)), part.readableBytes > 0 {
            let stored = try replica.write(epoch: epoch, from: position, bytes: part)
            position += UInt64(part.readableBytes)
            #expect(stored == LogRange(epoch: epoch, from: position - UInt64(part.readableBytes), to: position))
        }
        let whole = LogRange(epoch: epoch, from: 0, to: position)
        #expect(replica.ranges == [whole] && replica.heldRanges == [whole])
        #expect(try replica.bytes(whole) == bytes)
        #expect(try replica.scrapes() == Array(0..<30))
        let names = try directory.names(below: "00000001-\(hexadecimal(epoch))", suffix: ".segment")
        #expect(names == starts.map { hexadecimal($0) + ".segment" })
        #expect(replica.byteCount == position)
        #expect(replica.durableRanges.isEmpty)
        try replica.sync()
        #expect(replica.durableRanges == [whole])
        #expect(replica.syncTask() == nil)
    }

    @Test func `what is held is not stored twice`() throws {
        let replica = try ReplicaLog.open(try TemporaryDirectory())
        let (epoch, bytes, starts) = try stream()
        let end = UInt64(bytes.readableBytes)
        #expect(try replica.write(epoch: epoch, from: 0, bytes: slice(bytes, 0, 500)) != nil)
        #expect(try replica.write(epoch: epoch, from: 0, bytes: slice(bytes, 0, 500)) == nil)
        #expect(try replica.write(epoch: epoch, from: 0, bytes: ByteBuffer()) == nil)
        let stored = try replica.write(epoch: epoch, from: 100, bytes: slice(bytes, 100, 700))
        #expect(stored == LogRange(epoch: epoch, from: 500, to: 700))
        // A later segment first, then everything: the middle is filled.
        let last = try #require(starts.last)
        _ = try replica.write(epoch: epoch, from: last, bytes: slice(bytes, last, end))
        #expect(replica.ranges.count == 2)
        let filled = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        #expect(filled == LogRange(epoch: epoch, from: 700, to: last))
        #expect(try replica.bytes(LogRange(epoch: epoch, from: 0, to: end)) == bytes)
        #expect(try replica.scrapes() == Array(0..<30))
    }

    @Test func `a range that begins in the middle of nowhere is refused`() throws {
        let directory = try TemporaryDirectory()
        let replica = try ReplicaLog.open(directory)
        let (epoch, bytes, starts) = try stream()
        for from in [1, starts[1] - 1, starts[1] + 1] {
            let error = #expect(throws: ScrapeLogError.self) {
                try replica.write(epoch: epoch, from: from, bytes: slice(bytes, from, from + 300))
            }
            #expect(error?.code == .corrupt)
        }
        #expect(replica.ranges.isEmpty)
        #expect(try directory.names(suffix: hexadecimal(epoch)).isEmpty)
        let overflow = #expect(throws: ScrapeLogError.self) {
            try replica.write(epoch: epoch, from: .max - 2, bytes: slice(bytes, 0, 300))
        }
        #expect(overflow?.code == .invalid)
        let foreign = #expect(throws: ScrapeLogError.self) {
            try replica.write(epoch: epoch &+ 1, from: 0, bytes: slice(bytes, 0, 300))
        }
        #expect(foreign?.code == .foreign)
        #expect(replica.ranges.isEmpty)
    }

    @Test(arguments: [1, 20, 40, 1000])
    func `a bad record moves the range back to the good ones before it`(size: Int) throws {
        let (epoch, bytes, _) = try stream(10)
        let ends = try parse(bytes, epoch: epoch, from: 0).map(\.end)
        for index in stride(from: 0, to: bytes.readableBytes, by: 17) {
            let directory = try TemporaryDirectory()
            let replica = try ReplicaLog.open(directory)
            var damaged = bytes
            let old: UInt8 = try #require(damaged.getInteger(at: index))
            damaged.setInteger(old ^ 4, at: index)
            var position: UInt64 = 0
            var error: ScrapeLogError?
            while position < UInt64(bytes.readableBytes), error == nil {
                let to = min(position + UInt64(size), UInt64(bytes.readableBytes))
                do throws(ScrapeLogError) {
                    _ = try replica.write(epoch: epoch, from: position, bytes: slice(damaged, position, to))
                } catch let problem {
                    error = problem
                }
                position = to
            }
            let good = ends.last { $0 <= UInt64(index) } ?? 0
            // A length that grew may just look like a record that is not complete yet.
            let held = replica.heldRanges.first?.to ?? 0
            #expect(error != nil ? held == good : replica.boundary(before: held, epoch: epoch) == good, "byte \(index)")
            guard error != nil else { continue }
            // The honest peer resumes where the replica says, and everything is right.
            _ = try replica.write(epoch: epoch, from: good, bytes: slice(bytes, good, UInt64(bytes.readableBytes)))
            #expect(try replica.scrapes() == Array(0..<10), "byte \(index)")
            #expect(try replica.bytes(LogRange(epoch: epoch, from: 0, to: UInt64(bytes.readableBytes))) == bytes)
        }
    }

    @Test func `a restart drops a record that was not whole and goes on`() throws {
        let (epoch, bytes, _) = try stream(8)
        let records = try parse(bytes, epoch: epoch, from: 0)
        for length in 1..<UInt64(bytes.readableBytes) {
            let directory = try TemporaryDirectory()
            _ = try ReplicaLog.open(directory).write(epoch: epoch, from: 0, bytes: slice(bytes, 0, length))
            let replica = try ReplicaLog.open(directory)
            let good = records.last { $0.end <= length }?.end ?? 0
            #expect(replica.ranges.first?.to ?? 0 == good)
            #expect(replica.statistics.repairedBytes == length - good)
            _ = try replica.write(epoch: epoch, from: good, bytes: slice(bytes, good, UInt64(bytes.readableBytes)))
            #expect(try replica.records() == records)
        }
    }

    @Test func `a damaged file costs its rest, which the agent may send again`() throws {
        let directory = try TemporaryDirectory()
        let (epoch, bytes, starts) = try stream()
        _ = try ReplicaLog.open(directory).write(epoch: epoch, from: 0, bytes: bytes)
        let name = "00000001-\(hexadecimal(epoch))/\(hexadecimal(starts[1])).segment"
        var file = try directory.bytes(name)
        file[200] ^= 1
        try directory.write(file, to: name)
        let replica = try ReplicaLog.open(directory)
        #expect(replica.ranges.count == 2)
        #expect(try replica.scrapes().count < 30)
        let hole = LogRange(epoch: epoch, from: replica.ranges[0].to, to: replica.ranges[1].from)
        #expect(try replica.write(epoch: epoch, from: hole.from, bytes: slice(bytes, hole.from, hole.to)) == hole)
        #expect(try replica.scrapes() == Array(0..<30))
    }

    @Test func `damage under a running collector ends one segment's replay only`() throws {
        let directory = try TemporaryDirectory()
        let (epoch, bytes, starts) = try stream()
        let replica = try ReplicaLog.open(directory)
        _ = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        let name = "00000001-\(hexadecimal(epoch))/\(hexadecimal(starts[1])).segment"
        let handle = try #require(FileHandle(forUpdatingAtPath: "\(directory.path)/\(name)"))
        try handle.seek(toOffset: 200)
        try handle.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0xFF]))
        let scrapes = try replica.scrapes()
        #expect(scrapes.count < 30 && scrapes.first == 0 && scrapes.last == 29)
        #expect(replica.statistics.damagedSegments == 1)
    }

    @Test func `an announced gap counts as settled and survives a restart`() throws {
        let directory = try TemporaryDirectory()
        let (epoch, bytes, starts) = try stream()
        var replica = try ReplicaLog.open(directory)
        let end = UInt64(bytes.readableBytes)
        _ = try replica.write(epoch: epoch, from: 0, bytes: slice(bytes, 0, starts[1]))
        _ = try replica.write(epoch: epoch, from: starts[3], bytes: slice(bytes, starts[3], end))
        replica.noteGap(LogRange(epoch: epoch, from: starts[1], to: starts[3]))
        replica.noteGap(LogRange(epoch: 77, from: 0, to: 1000))
        let settled = [LogRange(epoch: epoch, from: 0, to: end), LogRange(epoch: 77, from: 0, to: 1000)]
        #expect(replica.ranges == settled)
        #expect(replica.heldRanges.count == 2)
        let gone = LogRange(epoch: epoch, from: starts[1], to: end)
        var buffer = ByteBuffer()
        let error = #expect(throws: ScrapeLogError.self) { try replica.read(gone, maximum: 10, into: &buffer) }
        #expect(error?.code == .notHeld)
        replica = try ReplicaLog.open(directory)
        #expect(replica.ranges == settled)
        try replica.sync()
        #expect(replica.durableRanges == settled)
        #expect(try replica.write(epoch: epoch, from: 0, bytes: bytes) == nil)
    }

    @Test func `old files expire by age and by size, the newest one never`() throws {
        let directory = try TemporaryDirectory()
        var now: Int64 = 1000
        var replica = try ReplicaLog.open(directory, clock: { now })
        let (first, firstBytes, starts) = try stream()
        let (second, secondBytes, _) = try stream()
        for (from, to) in zip(starts, starts.dropFirst() + [UInt64(firstBytes.readableBytes)]) {
            _ = try replica.write(epoch: first, from: from, bytes: slice(firstBytes, from, to))
            now += 10
        }
        _ = try replica.write(epoch: second, from: 0, bytes: secondBytes)
        let all = replica.byteCount
        let old = replica.expire(arrivedBefore: 1020, maximumBytes: .max)
        #expect(old.segments == 2 && old.bytes == starts[2])
        #expect(replica.byteCount == all - starts[2])
        #expect(replica.ranges.count == 2, "the agent must not send it again")
        #expect(try replica.write(epoch: first, from: 0, bytes: firstBytes) == nil)
        replica.expire(arrivedBefore: .min, maximumBytes: UInt64(secondBytes.readableBytes))
        #expect(replica.byteCount <= UInt64(secondBytes.readableBytes))
        #expect(replica.heldRanges.map(\.epoch) == [second])
        replica.expire(arrivedBefore: .max, maximumBytes: 0)
        #expect(replica.statistics.segments == 1)
        #expect(try replica.scrapes().last == 29)
        replica = try ReplicaLog.open(directory)
        #expect(replica.ranges.map(\.epoch) == [first, second])
        #expect(replica.ranges.allSatisfy { $0.from == 0 })
    }

    @Test func `a ring in memory stays within its bound`() throws {
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 200_000), clock: { 0 })
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 8 << 20)), nowMilliseconds: 0)
        for number in 0..<1500 {
            log.scrape(number, target: UInt32(number), size: 500)
            if number % 10 != 9 { continue }
            log.flush()
            let from = replica.ranges.first?.to ?? 0
            let range = LogRange(epoch: log.epoch, from: from, to: log.end)
            _ = try replica.write(epoch: log.epoch, from: from, bytes: try log.bytes(range))
            #expect(replica.byteCount <= 200_000)
        }
        #expect(replica.ranges == [LogRange(epoch: log.epoch, from: 0, to: log.end)])
        #expect(replica.durableRanges == replica.ranges)
        let held = try #require(replica.heldRanges.last)
        #expect(try replica.bytes(held) == log.bytes(held))
    }

    @Test func `epochs are replayed in the order in which they arrived`() throws {
        let directory = try TemporaryDirectory()
        let replica = try ReplicaLog.open(directory)
        var epochs: [UInt64] = []
        for _ in 0..<12 {
            let (epoch, bytes, _) = try stream(2)
            epochs.append(epoch)
            _ = try replica.write(epoch: epoch, from: 0, bytes: bytes)
        }
        let reopened = try ReplicaLog.open(directory)
        #expect(reopened.ranges.map(\.epoch) == epochs)
        #expect(try reopened.records().filter { $0.offset == 0 }.map(\.epoch) == epochs)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a small tmpfs"))
    func `a full disk is a typed error and leaves the replica whole`() throws {
        let disk = try SmallDisk(kibibytes: 128)
        let log = try ScrapeLog(
            .init(storage: .memory(maximumBytes: 4 << 20), segmentBytes: 20_000), nowMilliseconds: 0)
        for number in 0..<300 { log.scrape(number, size: 1000) }
        log.flush()
        let replica = try ReplicaLog(storage: .directory(disk.path))
        var failure: ScrapeLogError?
        while failure == nil {
            let range = LogRange(epoch: log.epoch, from: replica.ranges.first?.to ?? 0, to: log.end)
            var bytes = ByteBuffer()
            _ = try log.read(range, maximum: 3000, into: &bytes)
            do throws(ScrapeLogError) {
                _ = try replica.write(epoch: log.epoch, from: range.from, bytes: bytes)
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .full)
        #expect(replica.ranges.count == 1)
        let held = try #require(replica.heldRanges.first)
        #expect(try replica.bytes(held) == log.bytes(held))
        #expect(replica.expire(arrivedBefore: .min, maximumBytes: 40_000).segments > 0)
        let rest = LogRange(epoch: log.epoch, from: held.to, to: held.to + 20_000)
        _ = try replica.write(epoch: log.epoch, from: held.to, bytes: try log.bytes(rest))
        #expect(replica.ranges == [LogRange(epoch: log.epoch, from: 0, to: rest.to)])
    }
}
