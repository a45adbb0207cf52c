import NIOCore

extension SegmentHeader {
    /// The agent's count of its epochs, out of bytes that begin with a segment; nil when they do not, or end too early.
    static func sequence(in bytes: ByteBuffer) -> UInt64? {
        guard let header = try? RecordHeader.parse(bytes, at: bytes.readerIndex), header.kind == .segmentHeader,
            let payload = bytes.getSlice(at: bytes.readerIndex + RecordHeader.size, length: header.payloadLength)
        else { return nil }
        return try? SegmentHeader(decoding: payload).epochSequence
    }
}
