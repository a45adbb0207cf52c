package import NIOCore
import ScrapeLog

/// Cuts a byte stream into frames. Owns the bytes of the frame that is not complete yet, never more than one payload
/// limit and one read.
package struct FrameDecoder: Sendable {
    /// The largest payload accepted at present, bytes; raised when the session opens.
    package var maximumPayload: Int
    private var pending = ByteBuffer()

    package init(maximumPayload: Int) {
        self.maximumPayload = maximumPayload
    }

    /// True when a frame has begun and is not whole.
    package var isMidFrame: Bool { pending.readableBytes > 0 }

    /// Takes the bytes of one read.
    package mutating func append(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.discardReadBytes()
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole frame, nil when more bytes are needed. Unknown skippable frames are passed over.
    package mutating func next() throws(WireError) -> Frame? {
        while true {
            guard pending.readableBytes >= Protocol.frameHeaderLength,
                let type: UInt8 = pending.getInteger(at: pending.readerIndex),
                let length: UInt32 = pending.getInteger(at: pending.readerIndex + 1, endianness: .little)
            else { return nil }
            guard Int(length) <= maximumPayload else {
                throw WireError(
                    .tooLarge, "frame type \(type) declares \(length) bytes, at most \(maximumPayload) are allowed here"
                )
            }
            let known = FrameType(rawValue: type)
            if known == nil, type & FrameType.skippable == 0 {
                throw WireError(.unknownType, "frame type \(type) is not known to this version")
            }
            guard pending.readableBytes >= Protocol.frameHeaderLength + Int(length) else { return nil }
            pending.moveReaderIndex(forwardBy: Protocol.frameHeaderLength)
            guard let payload = pending.readSlice(length: Int(length)) else { return nil }
            guard let known else { continue }
            guard let frame = Self.parse(known, payload) else {
                throw WireError(.malformed, "\(known) frame of \(length) bytes is malformed")
            }
            return frame
        }
    }

    private static func parse(_ type: FrameType, _ payload: ByteBuffer) -> Frame? {
        var payload = payload
        switch type {
        case .hello: return parseHello(&payload).map(Frame.hello)
        case .welcome: return parseWelcome(&payload).map(Frame.welcome)
        case .reject:
            guard
                let (code, retry, clock) = payload.readMultipleIntegers(
                    endianness: .little, as: (UInt16, UInt32, Int64).self),
                let message = payload.readText()
            else { return nil }
            return .reject(.init(code: code, retryAfterMilliseconds: retry, clock: clock, message: message))
        case .append: return parseAppend(&payload).map(Frame.append)
        case .gap:
            guard let range = payload.readRange(), let scrapes = payload.readVarint(), let reason = payload.readText()
            else { return nil }
            return .gap(.init(range: range, scrapes: scrapes, reason: reason))
        case .ack: return payload.readRanges().map(Frame.ack)
        case .credit: return payload.readInteger(endianness: .little, as: UInt32.self).map(Frame.credit)
        case .ping:
            return payload.readMultipleIntegers(endianness: .little, as: (UInt32, Int64).self)
                .map { .ping(.init(sequence: $0.0, clock: $0.1)) }
        case .pong:
            return payload.readMultipleIntegers(endianness: .little, as: (UInt32, Int64, Int64).self)
                .map { .pong(.init(sequence: $0.0, echo: $0.1, clock: $0.2)) }
        case .goAway:
            guard let (code, delay) = payload.readMultipleIntegers(endianness: .little, as: (UInt16, UInt32).self),
                let message = payload.readText()
            else { return nil }
            return .goAway(.init(code: code, reconnectMilliseconds: delay, message: message))
        case .checksumRequest:
            guard let id: UInt32 = payload.readInteger(endianness: .little), let ranges = payload.readRanges() else {
                return nil
            }
            return .checksumRequest(.init(id: id, ranges: ranges))
        case .checksums: return parseChecksums(&payload).map(Frame.checksums)
        }
    }

    private static func parseChecksums(_ payload: inout ByteBuffer) -> Frame.Checksums? {
        guard
            let (id, outcome, count) = payload.readMultipleIntegers(
                endianness: .little, as: (UInt32, UInt8, UInt16).self), count <= Protocol.maximumParts
        else { return nil }
        var parts: [RangeChecksum] = []
        for _ in 0..<count {
            guard let range = payload.readRange(), let checksum: UInt32 = payload.readInteger(endianness: .little)
            else { return nil }
            parts.append(RangeChecksum(range: range, checksum: checksum))
        }
        guard let held = payload.readRanges() else { return nil }
        var checksums = Frame.Checksums(id: id, outcome: .done, parts: parts, held: held)
        checksums.outcome = outcome
        return checksums
    }

    private static func parseAppend(_ payload: inout ByteBuffer) -> Frame.Append? {
        guard let epoch: UInt64 = payload.readInteger(endianness: .little), let from = payload.readVarint(),
            let count = payload.readVarint(), count > 0, count <= UInt64(Protocol.maximumAppend),
            count <= UInt64.max - from,
            let distance = payload.readVarint(), distance <= from, let length = payload.readVarint(),
            length <= from - distance, length <= UInt64(Protocol.maximumPrefix(for: Int(clamping: count)))
        else { return nil }
        let end = from - distance
        return Frame.Append(
            range: LogRange(epoch: epoch, from: from, to: from + count), prefix: (end - length)..<end,
            compressed: payload)
    }

    private static func parseHello(_ payload: inout ByteBuffer) -> Frame.Hello? {
        guard
            let (minimum, maximum, instance, clock, flags, logVersion) = payload.readMultipleIntegers(
                endianness: .little, as: (UInt16, UInt16, UInt64, Int64, UInt8, UInt16).self),
            minimum <= maximum, let build = payload.readText(), let held = payload.readRanges()
        else { return nil }
        return Frame.Hello(
            minimumVersion: minimum, maximumVersion: maximum, instance: instance, clock: clock,
            isProbe: flags & 1 != 0, logVersion: logVersion, build: build, held: held)
    }

    private static func parseWelcome(_ payload: inout ByteBuffer) -> Frame.Welcome? {
        guard
            let (version, connection, role, clock, credit, _, _) = payload.readMultipleIntegers(
                endianness: .little, as: (UInt16, UInt64, UInt8, Int64, UInt32, UInt16, UInt16).self),
            let collector = payload.readText(), let held = payload.readRanges(),
            let logVersions = parseLogVersions(&payload)
        else { return nil }
        return Frame.Welcome(
            version: version, connection: connection, role: role, clock: clock, credit: credit, collector: collector,
            held: held, logVersions: logVersions)
    }

    private static func parseLogVersions(_ payload: inout ByteBuffer) -> [UInt16]? {
        guard let count: UInt8 = payload.readInteger() else { return Protocol.unnamedLogVersions }
        guard count <= Protocol.maximumLogVersions else { return nil }
        var versions: [UInt16] = []
        for _ in 0..<count {
            guard let version: UInt16 = payload.readInteger(endianness: .little) else { return nil }
            versions.append(version)
        }
        return versions
    }
}
