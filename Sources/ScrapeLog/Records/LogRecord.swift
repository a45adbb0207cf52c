package import NIOCore

/// One whole record whose checksum was right, and where it stands.
package struct LogRecord: Sendable, Hashable {
    package var header: RecordHeader
    package var epoch: UInt64
    /// Offset of the record's first byte in its epoch.
    package var offset: UInt64
    package var payload: ByteBuffer

    package init(header: RecordHeader, epoch: UInt64, offset: UInt64, payload: ByteBuffer) {
        self.header = header
        self.epoch = epoch
        self.offset = offset
        self.payload = payload
    }

    /// Offset of the byte after the record.
    package var end: UInt64 { offset &+ UInt64(header.length) }
}
