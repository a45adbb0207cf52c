package import NIOCore

/// The payload of the first record of every segment: what the bytes are, and how many announcements follow.
///
/// `magic "CULVERTL" · u16 format version · u64 epoch · u64 epoch sequence · i64 created ms · u32 announcements`;
/// later versions may append fields.
///
/// Magic and version stand at bytes 32 ..< 42 of the file in every version, so that what a newer release wrote can be told
/// from what is damaged.
package struct SegmentHeader: Sendable, Hashable {
    /// The format version this release writes for whoever reads it. 3: a scrape's head may say how many samples there
    /// were before and after the job's rules.
    package static let currentVersion: UInt16 = 3
    /// The one it writes for a collector of the release before.
    package static let previousVersion: UInt16 = 2
    /// The ones it reads, oldest first.
    package static let readableVersions = [previousVersion, currentVersion]
    /// The longest payload a segment header may have.
    static let maximumLength = 4096
    private static let magic: [UInt8] = Array("CULVERTL".utf8)

    package var version: UInt16
    package var epoch: UInt64
    /// Counts the epochs of one log directory, so that their order can be told.
    package var epochSequence: UInt64
    /// Milliseconds since the Unix epoch, by the agent's clock.
    package var created: Int64
    /// The number of announcements that follow at once: every target known when the segment began.
    package var announcements: UInt32

    package init(
        version: UInt16 = currentVersion, epoch: UInt64, epochSequence: UInt64, created: Int64, announcements: UInt32
    ) {
        self.version = version
        self.epoch = epoch
        self.epochSequence = epochSequence
        self.created = created
        self.announcements = announcements
    }

    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeBytes(Self.magic)
        buffer.writeInteger(version, endianness: .little)
        buffer.writeInteger(epoch, endianness: .little)
        buffer.writeInteger(epochSequence, endianness: .little)
        buffer.writeInteger(created, endianness: .little)
        buffer.writeInteger(announcements, endianness: .little)
    }

    /// Reads a payload; `.corrupt` when it is none, `.unsupported` when a newer release wrote it.
    package init(decoding payload: ByteBuffer) throws(ScrapeLogError) {
        var payload = payload
        guard let magic = payload.readBytes(length: 8), magic == Self.magic,
            let version: UInt16 = payload.readInteger(endianness: .little)
        else {
            throw ScrapeLogError(code: .corrupt, message: "not a segment header; expected it to begin with CULVERTL")
        }
        guard Self.readableVersions.contains(version) else { throw Self.unsupported(version) }
        guard let epoch: UInt64 = payload.readInteger(endianness: .little),
            let sequence: UInt64 = payload.readInteger(endianness: .little),
            let created: Int64 = payload.readInteger(endianness: .little),
            let announcements: UInt32 = payload.readInteger(endianness: .little)
        else {
            throw ScrapeLogError(code: .corrupt, message: "a segment header that ends early; expected 38 bytes")
        }
        self.init(
            version: version, epoch: epoch, epochSequence: sequence, created: created, announcements: announcements)
    }

    /// The format version that a segment's first bytes name; nil when they are too few.
    static func version(inFirstBytes bytes: ByteBuffer) -> UInt16? {
        bytes.getInteger(at: bytes.readerIndex + RecordHeader.size + magic.count, endianness: .little)
    }

    /// Why a file that begins with these bytes is none of this release's to read, cut or delete: it has another version, or
    /// is no log at all. nil when it is a segment, or the torn beginning of one: short, or zeros.
    static func alien(inFirstBytes bytes: ByteBuffer) -> ScrapeLogError? {
        let place = bytes.readerIndex + RecordHeader.size
        guard let found = bytes.getBytes(at: place, length: magic.count),
            let version = version(inFirstBytes: bytes)
        else { return nil }
        guard found == magic else {
            let isTorn = zip(found, magic).allSatisfy { $0 == $1 || $0 == 0 }
            return isTorn ? nil : ScrapeLogError(code: .unsupported, message: "not a segment of a log")
        }
        return readableVersions.contains(version) || version == 0 ? nil : unsupported(version)
    }

    private static func unsupported(_ version: UInt16) -> ScrapeLogError {
        let readable = readableVersions.map { "\($0)" }.joined(separator: " and ")
        return ScrapeLogError(
            code: .unsupported, message: "log format version \(version); this release reads versions \(readable)")
    }

    /// Reads a payload that must belong to `epoch`.
    static func check(_ payload: ByteBuffer, epoch: UInt64) throws(ScrapeLogError) {
        let header = try SegmentHeader(decoding: payload)
        guard header.epoch == epoch else {
            throw ScrapeLogError(
                code: .foreign,
                message: "a segment of epoch \(hexadecimal(header.epoch)); expected epoch \(hexadecimal(epoch))")
        }
    }
}
