package import NIOCore

/// The 32 bytes, little-endian, before every record's payload; readable without decoding the payload.
///
/// ```
///  0 u32 length of the whole record        12 u32 target reference, 0 for none
///  4 u32 CRC32C of bytes 8 ..< length      16 i64 time, milliseconds since the Unix epoch
///  8 u8  kind                              24 u32 distance back to the target's previous record in the segment, 0 none
///  9 u8  reserved, 0                       28 u32 distance back to the keyframe of a delta, 0 none
/// 10 u16 reserved, 0
/// ```
package struct RecordHeader: Sendable, Hashable {
    /// Bytes of an encoded header.
    package static let size = 32
    /// The longest record there may be, header included; checked before anything is allocated for it.
    package static let maximumLength = 32 << 20

    /// Bytes of the record, this header included.
    package var length: UInt32
    package var checksum: UInt32
    package var kind: RecordKind
    package var target: UInt32
    /// Milliseconds since the Unix epoch, by the agent's clock.
    package var time: Int64
    /// Bytes back to the target's previous record in this segment, 0 for none.
    package var previous: UInt32
    /// Bytes back to the keyframe that a delta builds on, 0 for every other record.
    package var keyframe: UInt32

    /// Bytes after the header.
    package var payloadLength: Int { Int(length) - Self.size }

    package init(
        length: UInt32, checksum: UInt32 = 0, kind: RecordKind, target: UInt32, time: Int64, previous: UInt32 = 0,
        keyframe: UInt32 = 0
    ) {
        self.length = length
        self.checksum = checksum
        self.kind = kind
        self.target = target
        self.time = time
        self.previous = previous
        self.keyframe = keyframe
    }

    /// Reads the header at an index of the buffer; nil when fewer than 32 bytes are there.
    ///
    /// Throws `.corrupt` for a length outside 32 bytes … 32 MiB, an unknown kind, or reserved bits that are set.
    package static func parse(_ buffer: ByteBuffer, at index: Int) throws(ScrapeLogError) -> RecordHeader? {
        guard index >= buffer.readerIndex, buffer.writerIndex - index >= size,
            let length: UInt32 = buffer.getInteger(at: index, endianness: .little),
            let checksum: UInt32 = buffer.getInteger(at: index + 4, endianness: .little),
            let kindCode: UInt8 = buffer.getInteger(at: index + 8),
            let reservedByte: UInt8 = buffer.getInteger(at: index + 9),
            let reservedWord: UInt16 = buffer.getInteger(at: index + 10, endianness: .little),
            let target: UInt32 = buffer.getInteger(at: index + 12, endianness: .little),
            let time: Int64 = buffer.getInteger(at: index + 16, endianness: .little),
            let previous: UInt32 = buffer.getInteger(at: index + 24, endianness: .little),
            let keyframe: UInt32 = buffer.getInteger(at: index + 28, endianness: .little)
        else { return nil }
        guard length >= UInt32(size), length <= UInt32(maximumLength) else {
            throw ScrapeLogError(
                code: .corrupt, message: "a record of \(length) bytes; expected \(size) to \(maximumLength)")
        }
        guard let kind = RecordKind(rawValue: kindCode) else {
            throw ScrapeLogError(code: .corrupt, message: "a record of unknown kind \(kindCode)")
        }
        guard reservedByte == 0, reservedWord == 0 else {
            throw ScrapeLogError(code: .corrupt, message: "a record whose reserved bytes are not 0")
        }
        return RecordHeader(
            length: length, checksum: checksum, kind: kind, target: target, time: time, previous: previous,
            keyframe: keyframe)
    }

    /// Appends the whole record, with its length and checksum, to `buffer`.
    ///
    /// The payload must be at most `maximumLength - size` bytes; the log checks that before it comes here.
    package func write(payload: ByteBuffer, into buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        buffer.writeInteger(UInt32(truncatingIfNeeded: Self.size + payload.readableBytes), endianness: .little)
        buffer.writeInteger(UInt32(0), endianness: .little)
        buffer.writeInteger(kind.rawValue)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt16(0), endianness: .little)
        buffer.writeInteger(target, endianness: .little)
        buffer.writeInteger(time, endianness: .little)
        buffer.writeInteger(previous, endianness: .little)
        buffer.writeInteger(keyframe, endianness: .little)
        buffer.writeImmutableBuffer(payload)
        let checksum = unsafe buffer.withUnsafeReadableBytes { bytes in
            unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[(start - buffer.readerIndex + 8)...]))
        }
        buffer.setInteger(checksum, at: start + 4, endianness: .little)
    }
}
