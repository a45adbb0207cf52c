import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

@Suite struct RecordTests {
    private func log(_ scrapes: Int) throws -> (bytes: ByteBuffer, epoch: UInt64) {
        let log = try ScrapeLog.inMemory(1 << 20)
        for number in 0..<scrapes { log.scrape(number) }
        log.flush()
        return (try log.bytes(log.ranges[0]), log.epoch)
    }

    @Test func `the checksum is CRC32C`() {
        var crc = CRC32C()
        crc.update(ByteBuffer(string: "123456789"))
        #expect(crc.value == 0xE306_9283)
        var split = CRC32C()
        split.update(ByteBuffer(string: "1234567"))
        split.update(ByteBuffer(string: "89"))
        #expect(split.value == 0xE306_9283)
        var zeros = CRC32C()
        zeros.update(ByteBuffer(repeating: 0, count: 32))
        #expect(zeros.value == 0x8A91_36AA)
    }

    @Test func `a header is laid out as documented`() throws {
        var buffer = ByteBuffer()
        let header = RecordHeader(
            length: 0, kind: .delta, target: 0x0102_0304, time: -2, previous: 0x0A0B, keyframe: 0x0C0D)
        header.write(payload: ByteBuffer(string: "xyz"), into: &buffer)
        let bytes = Array(buffer.readableBytesView)
        #expect(bytes.count == 35)
        #expect(bytes[0..<4] == [35, 0, 0, 0])
        #expect(bytes[8..<12] == [6, 0, 0, 0])
        #expect(bytes[12..<16] == [4, 3, 2, 1])
        #expect(bytes[16..<24] == [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(bytes[24..<32] == [0x0B, 0x0A, 0, 0, 0x0D, 0x0C, 0, 0])
        let parsed = try #require(try RecordHeader.parse(buffer, at: 0))
        #expect(parsed.target == header.target && parsed.time == -2 && parsed.payloadLength == 3)
        #expect(try RecordHeader.parse(buffer, at: 4) == nil)
    }

    @Test(arguments: [0, 31, UInt32(RecordHeader.maximumLength) + 1, 0xFFFF_FFFF, 0x8000_0000])
    func `a declared length out of bounds is refused before anything is allocated`(length: UInt32) throws {
        var assembler = RecordAssembler(epoch: 7, offset: 100)
        var bytes = ByteBuffer()
        bytes.writeInteger(length, endianness: .little)
        bytes.writeRepeatingByte(0, count: 28)
        bytes.setInteger(UInt8(5), at: 8)
        assembler.append(bytes)
        let error = #expect(throws: ScrapeLogError.self) { try assembler.next() }
        #expect(error?.code == .corrupt)
        #expect(error?.culprit == "epoch 0000000000000007 offset 100")
        #expect(throws: ScrapeLogError.self) { try assembler.next() }
        #expect(assembler.pendingBytes == 0)
    }

    @Test func `records come out whole however the bytes are cut`() throws {
        let (bytes, epoch) = try log(30)
        let expected = try parse(bytes, epoch: epoch, from: 0)
        #expect(expected.count == 31)
        for size in [1, 2, 3, 7, 31, 32, 33, 100, 1000] {
            var assembler = RecordAssembler(epoch: epoch, offset: 0)
            var rest = bytes
            var records: [LogRecord] = []
            while let part = rest.readSlice(length: min(size, rest.readableBytes)), part.readableBytes > 0 {
                assembler.append(part)
                while let record = try assembler.next() { records.append(record) }
            }
            #expect(records == expected)
            #expect(assembler.offset == UInt64(bytes.readableBytes))
            #expect(assembler.pendingBytes == 0)
        }
    }

    @Test func `a flipped bit anywhere is noticed`() throws {
        let (bytes, epoch) = try log(3)
        let count = try parse(bytes, epoch: epoch, from: 0).count
        for index in 0..<bytes.readableBytes {
            for bit in [0, 3, 7] {
                var damaged = bytes
                let old: UInt8 = try #require(damaged.getInteger(at: index))
                damaged.setInteger(old ^ (1 << UInt8(bit)), at: index)
                let found = (try? parse(damaged, epoch: epoch, from: 0).count) ?? 0
                #expect(found < count, "byte \(index) bit \(bit)")
                var validator = RecordValidator(epoch: epoch, offset: 0, startsSegment: true)
                do {
                    while try validator.advance(&damaged) != nil {}
                } catch {}
                #expect(validator.boundary < UInt64(bytes.readableBytes))
            }
        }
    }

    @Test func `a segment of another epoch or version is refused by name`() throws {
        let (bytes, epoch) = try log(1)
        let foreign = #expect(throws: ScrapeLogError.self) { try parse(bytes, epoch: epoch &+ 1, from: 0) }
        #expect(foreign?.code == .foreign)
        var payload = ByteBuffer()
        SegmentHeader(version: 9, epoch: 1, epochSequence: 1, created: 0, announcements: 0).encode(into: &payload)
        let unsupported = #expect(throws: ScrapeLogError.self) { try SegmentHeader(decoding: payload) }
        #expect(unsupported?.code == .unsupported)
        #expect(unsupported?.message == "log format version 9; this release reads versions 2 and 3")
    }

    @Test(arguments: 0..<4)
    func `random bytes never trap the readers`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = ByteBuffer()
            for _ in 0..<Int.random(in: 0...200, using: &random) {
                // Small numbers often, so that lengths and kinds are sometimes plausible.
                let byte = UInt8.random(in: 0...255, using: &random)
                bytes.writeInteger(Bool.random(using: &random) ? byte & 7 : byte)
            }
            _ = try? parse(bytes, epoch: 1, from: UInt64.max)
            var validator = RecordValidator(epoch: 1, offset: 0, startsSegment: false)
            do {
                while try validator.advance(&bytes) != nil {}
            } catch {}
            _ = try? SegmentHeader(decoding: bytes)
        }
    }
}
