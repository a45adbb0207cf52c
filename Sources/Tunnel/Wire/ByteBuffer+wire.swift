import NIOCore
import ScrapeLog

/// The wire's primitive fields: varints, strings, ranges.
extension ByteBuffer {
    mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    mutating func readVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, let byte: UInt8 = readInteger() {
            let bits = UInt64(byte & 0x7F)
            // The tenth byte has room for one bit.
            if shift == 63, bits > 1 { return nil }
            value |= bits << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }

    /// Writes at most 1,024 bytes of `string`, cut at a character.
    mutating func writeText(_ string: String) {
        var end =
            string.utf8.index(string.utf8.startIndex, offsetBy: 1024, limitedBy: string.utf8.endIndex)
            ?? string.utf8.endIndex
        // Back to the start of a scalar: a continuation byte is 0b10xxxxxx.
        while end > string.utf8.startIndex, end < string.utf8.endIndex, string.utf8[end] & 0xC0 == 0x80 {
            end = string.utf8.index(before: end)
        }
        let text = string.utf8[..<end]
        writeInteger(UInt16(truncatingIfNeeded: text.count), endianness: .little)
        writeBytes(text)
    }

    mutating func readText() -> String? {
        guard let length: UInt16 = readInteger(endianness: .little) else { return nil }
        return readString(length: Int(length))
    }

    mutating func writeRange(_ range: LogRange) {
        writeInteger(range.epoch, endianness: .little)
        writeVarint(range.from)
        writeVarint(range.to)
    }

    mutating func readRange() -> LogRange? {
        guard let epoch: UInt64 = readInteger(endianness: .little), let from = readVarint(), let to = readVarint(),
            from <= to
        else { return nil }
        return LogRange(epoch: epoch, from: from, to: to)
    }

    mutating func writeRanges(_ ranges: [LogRange]) {
        let sent = ranges.suffix(Protocol.maximumRanges)
        writeInteger(UInt16(truncatingIfNeeded: sent.count), endianness: .little)
        for range in sent { writeRange(range) }
    }

    mutating func readRanges() -> [LogRange]? {
        guard let count: UInt16 = readInteger(endianness: .little), count <= Protocol.maximumRanges else { return nil }
        var ranges: [LogRange] = []
        ranges.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let range = readRange() else { return nil }
            ranges.append(range)
        }
        return ranges
    }
}
