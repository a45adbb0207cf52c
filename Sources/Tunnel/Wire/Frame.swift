package import NIOCore
package import ScrapeLog

/// One frame, decoded. Handled where it is parsed; never sent down a pipeline.
package enum Frame: Sendable, Hashable {
    case hello(Hello)
    case welcome(Welcome)
    case reject(Reject)
    case append(Append)
    case gap(Gap)
    case ack([LogRange])
    case credit(UInt32)
    case ping(Ping)
    case pong(Pong)
    case goAway(GoAway)
    case checksumRequest(ChecksumRequest)
    case checksums(Checksums)

    /// The agent introduces itself. What the agent *is* comes from its certificate, nothing of it from here.
    package struct Hello: Sendable, Hashable {
        package var minimumVersion: UInt16
        package var maximumVersion: UInt16
        /// Random per process start; tells a reconnect from a second process with the same key.
        package var instance: UInt64
        /// The agent's wall clock, microseconds since the Unix epoch.
        package var clock: Int64
        /// `culvert check --connect`: answer, but neither displace nor count this connection.
        package var isProbe: Bool
        /// The log format version the agent writes.
        package var logVersion: UInt16
        package var build: String
        /// What the agent's log holds, oldest epoch first.
        package var held: [LogRange]

        package init(
            minimumVersion: UInt16 = Protocol.minimumVersion, maximumVersion: UInt16 = Protocol.maximumVersion,
            instance: UInt64, clock: Int64, isProbe: Bool, logVersion: UInt16, build: String, held: [LogRange]
        ) {
            self.minimumVersion = minimumVersion
            self.maximumVersion = maximumVersion
            self.instance = instance
            self.clock = clock
            self.isProbe = isProbe
            self.logVersion = logVersion
            self.build = build
            self.held = held
        }
    }

    /// The collector accepts; from here on the agent is connected.
    package struct Welcome: Sendable, Hashable {
        package var version: UInt16
        package var connection: UInt64
        /// 1: active. Other roles are for later versions.
        package var role: UInt8
        package var clock: Int64
        /// Raw log bytes the agent may send before more credit is given.
        package var credit: UInt32
        package var collector: String
        /// What the collector holds of the epochs the agent named.
        package var held: [LogRange]
        /// Log format versions the collector reads; at most 16.
        package var logVersions: [UInt16]

        package init(
            version: UInt16, connection: UInt64, role: UInt8 = 1, clock: Int64, credit: UInt32, collector: String,
            held: [LogRange], logVersions: [UInt16]
        ) {
            self.version = version
            self.connection = connection
            self.role = role
            self.clock = clock
            self.credit = credit
            self.collector = collector
            self.held = held
            self.logVersions = logVersions
        }
    }

    /// The collector refuses; the connection ends.
    package struct Reject: Sendable, Hashable {
        /// A `RejectCode`, or a code of a later version.
        package var code: UInt16
        package var retryAfterMilliseconds: UInt32
        package var clock: Int64
        package var message: String

        package init(code: UInt16, retryAfterMilliseconds: UInt32, clock: Int64, message: String) {
            self.code = code
            self.retryAfterMilliseconds = retryAfterMilliseconds
            self.clock = clock
            self.message = message
        }
    }

    /// A range of log bytes as one zstd frame, compressed with an earlier range of the same epoch as prefix.
    package struct Append: Sendable, Hashable {
        package var range: LogRange
        /// The prefix, before the range; empty for none. Both ends hold it.
        package var prefix: Range<UInt64>
        package var compressed: ByteBuffer

        package init(range: LogRange, prefix: Range<UInt64>, compressed: ByteBuffer) {
            self.range = range
            self.prefix = prefix
            self.compressed = compressed
        }
    }

    /// A range that will never come, and what was in it.
    package struct Gap: Sendable, Hashable {
        package var range: LogRange
        package var scrapes: UInt64
        package var reason: String

        package init(range: LogRange, scrapes: UInt64, reason: String) {
            self.range = range
            self.scrapes = scrapes
            self.reason = reason
        }
    }

    package struct Ping: Sendable, Hashable {
        package var sequence: UInt32
        /// The sender's wall clock, microseconds.
        package var clock: Int64

        package init(sequence: UInt32, clock: Int64) {
            self.sequence = sequence
            self.clock = clock
        }
    }

    package struct Pong: Sendable, Hashable {
        package var sequence: UInt32
        /// The ping's clock, given back.
        package var echo: Int64
        /// The answering side's wall clock, microseconds.
        package var clock: Int64

        package init(sequence: UInt32, echo: Int64, clock: Int64) {
            self.sequence = sequence
            self.echo = echo
            self.clock = clock
        }
    }

    package struct GoAway: Sendable, Hashable {
        /// A `GoAwayCode`, or a code of a later version.
        package var code: UInt16
        package var reconnectMilliseconds: UInt32
        package var message: String

        package init(code: UInt16, reconnectMilliseconds: UInt32, message: String) {
            self.code = code
            self.reconnectMilliseconds = reconnectMilliseconds
            self.message = message
        }
    }

    /// The collector wants to know whether the agent's copy of these ranges is what it holds itself.
    package struct ChecksumRequest: Sendable, Hashable {
        /// Chosen by the collector, given back in the answer.
        package var id: UInt32
        package var ranges: [LogRange]

        package init(id: UInt32, ranges: [LogRange]) {
            self.id = id
            self.ranges = ranges
        }
    }

    /// What the agent holds of the ranges it was asked for, and the checksum of each part.
    package struct Checksums: Sendable, Hashable {
        package var id: UInt32
        /// A `ChecksumOutcome`, or one of a later version.
        package var outcome: UInt8
        package var parts: [RangeChecksum]
        /// Everything the agent's log holds, whether it was asked for or not.
        package var held: [LogRange]

        package init(id: UInt32, outcome: ChecksumOutcome, parts: [RangeChecksum] = [], held: [LogRange] = []) {
            self.id = id
            self.outcome = outcome.rawValue
            self.parts = parts
            self.held = held
        }
    }

    package var type: FrameType {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .reject: .reject
        case .append: .append
        case .gap: .gap
        case .ack: .ack
        case .credit: .credit
        case .ping: .ping
        case .pong: .pong
        case .goAway: .goAway
        case .checksumRequest: .checksumRequest
        case .checksums: .checksums
        }
    }
}
