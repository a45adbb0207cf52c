import NIOCore

// The small vocabulary of every payload: LEB128 numbers, zigzag for signed ones, and tagged fields
// (u8 tag, varint length, bytes), of which unknown ones are skipped.
extension ByteBuffer {
    mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    mutating func writeZigzag(_ value: Int64) {
        writeVarint(value.zigzag)
    }

    mutating func writeCounted(_ string: some StringProtocol) {
        writeVarint(UInt64(string.utf8.count))
        writeBytes(string.utf8)
    }

    mutating func writeField(_ tag: UInt8, _ content: (inout ByteBuffer) -> Void) {
        var bytes = ByteBuffer()
        content(&bytes)
        writeInteger(tag)
        writeVarint(UInt64(bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }

    /// A number of at most ten bytes.
    mutating func readVarint(_ name: String) throws(ScrapeCodecError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte: UInt8 = readInteger() {
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw ScrapeCodecError(code: .malformed, message: "not a whole number of at most 64 bits", culprit: name)
    }

    mutating func readZigzag(_ name: String) throws(ScrapeCodecError) -> Int64 {
        Int64(zigzag: try readVarint(name))
    }

    /// Bytes with their count before them; nothing is copied.
    mutating func readCounted(_ name: String) throws(ScrapeCodecError) -> ByteBuffer {
        let count = try readVarint(name)
        guard count <= UInt64(readableBytes), let bytes = readSlice(length: Int(count)) else {
            throw ScrapeCodecError(
                code: .malformed, message: "\(count) bytes declared, \(readableBytes) are there", culprit: name)
        }
        return bytes
    }

    mutating func readCountedString(_ name: String) throws(ScrapeCodecError) -> String {
        try readCounted(name).utf8String(name)
    }

    /// All readable bytes as text.
    func utf8String(_ name: String) throws(ScrapeCodecError) -> String {
        guard let string = String(validating: readableBytesView, as: UTF8.self) else {
            throw ScrapeCodecError(code: .malformed, message: "not UTF-8", culprit: name)
        }
        return string
    }

    /// The next field; nil at the end.
    mutating func readField(_ name: String) throws(ScrapeCodecError) -> (tag: UInt8, content: ByteBuffer)? {
        guard let tag: UInt8 = readInteger() else { return nil }
        return (tag, try readCounted(name))
    }
}

extension Int64 {
    /// 0, −1, 1, −2 … as 0, 1, 2, 3 …: small numbers stay small, whatever their sign.
    var zigzag: UInt64 { UInt64(bitPattern: (self &<< 1) ^ (self &>> 63)) }

    init(zigzag: UInt64) { self = Int64(bitPattern: (zigzag &>> 1) ^ (0 &- (zigzag & 1))) }
}
