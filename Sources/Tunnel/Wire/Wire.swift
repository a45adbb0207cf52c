// The tunnel's wire format, whole. This room owns everything between two log copies: frames, the sessions of both
// ends as value types, the agent's dialling client and the collector's listener. It moves ranges of log bytes and
// never looks into them.
//
// One TCP connection, dialled by the agent, TLS 1.3 with client certificates, ALPN `culvert/1`. Inside, frames:
//
//     frame   := type:u8 length:u32 payload:length bytes          integers little endian unless marked varint (LEB128)
//     string  := length:u16 UTF-8 bytes
//     range   := epoch:u64 from:varint to:varint                  bytes of one epoch of the log, `to` excluded
//     append  := epoch:u64 from:varint count:varint               the range
//                distance:varint length:varint                    the prefix: `length` bytes that end `distance` before `from`
//                zstd frame without its magic number
//
// The prefix of an Append is any earlier range of the same epoch that was sent on the same connection (so that the collector
// certainly has it at hand), or none. The agent takes the bytes just before the range, four times its length but at least
// 4 KiB and at most 64 KiB; for dictionary and keyframes, with which a segment begins, the corresponding place of the segment
// before, which says nearly the same. A collector that does not hold the prefix ends the connection. What comes out of
// the zstd frame is exactly `count` bytes or an error.
//
// Appends may come from two places of the log in turn: what is new, and behind it what was not sent during an outage. What
// follows a hole begins with a segment.
//
// The top bit of `type` marks a frame that a receiver which does not know it skips; any other unknown type ends the
// connection. Fields behind those a receiver knows are ignored, so that frames can grow. `length` is checked against
// what the state allows before anything is allocated: 4 KiB before Welcome, see `FrameLimits` after it.
//
//     agent                                collector
//       | -- Hello --------------------------> |      the only thing an agent sends before Welcome
//       | <------------- Welcome | Reject ---- |      "connected" begins here, not with the TLS handshake
//       | -- Append, Gap --------------------> |      any range, within the credit given
//       | <----------- Ack (≤ 1/s), Credit --- |      Ack: what is durable; Credit: what was applied
//       | <----------- Ping / Pong ----------> |      whoever sent nothing for 15 s; the collector also for its clock,
//       |                                      |      the agent also behind backlog, to learn when it has arrived
//       | <------------- GoAway -------------> |      the sender is about to close
//       | <------------ ChecksumRequest ------ |      `culvert verify`; skippable, so an older agent stays silent
//       | -- Checksums ----------------------> |
//
//     checksum request := id:u32 count:u16 range*                 at most 64 ranges
//     checksums        := id:u32 outcome:u8
//                         count:u16 (range crc32c:u32)*           the parts of those ranges that the agent holds, at most 1,024
//                         count:u16 range*                        all that the agent's log holds, the 64 newest ranges
//
// One request at a time; a second one is answered with the outcome `busy` at once.
//
// Welcome ends with the log format versions that the collector reads: count:u8, then u16 each. A Welcome without them is
// of the release before, which read version 2. An agent that writes another version than those was refused before.

/// The kinds of frames. Raw values are the wire's type byte.
package enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 1
    case welcome = 2
    case reject = 3
    case append = 4
    case gap = 5
    case ack = 6
    case credit = 7
    case ping = 8
    case pong = 9
    case goAway = 10
    case checksumRequest = 0x8B
    case checksums = 0x8C

    /// Set on types that a receiver may skip when it does not know them.
    package static let skippable: UInt8 = 0x80
}

/// Constants both ends must agree on.
package enum Protocol {
    /// The ALPN name; carries the major version.
    package static let application = "culvert/1"
    package static let minimumVersion: UInt16 = 2
    package static let maximumVersion: UInt16 = 2
    /// Type and length.
    package static let frameHeaderLength = 5
    /// Bytes taken from the socket at a time: one TLS record.
    package static let readSize = 16 * 1024 + 512
    /// Raw log bytes in one Append.
    package static let maximumAppend = 256 * 1024
    /// The longest compression prefix an Append of `length` log bytes may name: so much more than its own length that a
    /// peer cannot make us read far more than it sends.
    package static func maximumPrefix(for length: Int) -> Int {
        max(64 * 1024, 4 * min(length, maximumAppend))
    }

    /// The bytes just before an Append that it uses as prefix as a rule. Preparing a prefix costs about 1 µs per KiB, so a
    /// scrape of 1 KiB must not bring 64.
    package static func usualPrefix(for length: Int) -> Int {
        min(64 * 1024, max(4 * 1024, 4 * min(length, maximumAppend)))
    }
    /// Ranges in one Hello, Welcome or Ack; what does not fit is announced later by acks.
    package static let maximumRanges = 64
    /// Parts in one Checksums.
    package static let maximumParts = 1024
    /// Log format versions in one Welcome.
    static let maximumLogVersions = 16
    /// What a Welcome means that does not name the log versions.
    static let unnamedLogVersions: [UInt16] = [2]
    /// Raw log bytes an agent may have under way when it is welcomed.
    package static let initialCredit: UInt32 = 4 * 1024 * 1024
}

/// The largest payload a receiver accepts, by state and direction.
package enum FrameLimits {
    package static let beforeWelcome = 4 * 1024
    /// From the agent: an Append of incompressible bytes and its fields.
    package static let fromAgent = Protocol.maximumAppend + 16 * 1024
    package static let fromCollector = 64 * 1024
}

/// Why a collector refuses an agent that got through TLS. Raw values are on the wire.
package enum RejectCode: UInt16, Sendable, CaseIterable {
    /// The identity is not among those that may connect.
    case denied = 1
    /// The certificate names no agent of this trust domain.
    case identity = 2
    /// No protocol version in common.
    case version = 3
    /// Too many connections at the moment.
    case overloaded = 4
    /// Another live instance holds this identity.
    case duplicate = 5
    case protocolError = 6
    /// The collector cannot keep this agent's log.
    case storage = 7

    /// For metrics.
    var word: String { self == .protocolError ? "protocol_error" : "\(self)" }
}

/// Why one side is about to close. Raw values are on the wire.
package enum GoAwayCode: UInt16, Sendable, CaseIterable {
    case shutdown = 1
    /// A newer connection of the same instance took over.
    case replaced = 2
    case protocolError = 3
    case overloaded = 4
    case storage = 5
    /// A new epoch begins; the agent reconnects at once.
    case restart = 6
    /// A record of what the agent sent does not check: its log is damaged there.
    case corrupt = 7

    /// For metrics.
    var word: String { self == .protocolError ? "protocol_error" : "\(self)" }
}
