package import NIOCore
import ScrapeLog

/// Writes frames into a buffer, length first.
package enum FrameEncoder {
    package static func write(_ frame: Frame, into buffer: inout ByteBuffer) {
        if case .append(let append) = frame {
            buffer.reserveCapacity(minimumWritableBytes: 64 + append.compressed.readableBytes)
        }
        buffer.writeInteger(frame.type.rawValue)
        let lengthIndex = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        let start = buffer.writerIndex
        writePayload(of: frame, into: &buffer)
        let length = UInt32(truncatingIfNeeded: buffer.writerIndex - start)
        buffer.setInteger(length, at: lengthIndex, endianness: .little)
    }

    private static func writePayload(of frame: Frame, into buffer: inout ByteBuffer) {
        switch frame {
        case .hello(let hello): write(hello, into: &buffer)
        case .welcome(let welcome): write(welcome, into: &buffer)
        case .reject(let reject):
            buffer.writeInteger(reject.code, endianness: .little)
            buffer.writeInteger(reject.retryAfterMilliseconds, endianness: .little)
            buffer.writeInteger(reject.clock, endianness: .little)
            buffer.writeText(reject.message)
        case .append(let append):
            buffer.writeInteger(append.range.epoch, endianness: .little)
            buffer.writeVarint(append.range.from)
            buffer.writeVarint(append.range.count)
            buffer.writeVarint(append.prefix.isEmpty ? 0 : append.range.from &- append.prefix.upperBound)
            buffer.writeVarint(UInt64(append.prefix.count))
            buffer.writeImmutableBuffer(append.compressed)
        case .gap(let gap):
            buffer.writeRange(gap.range)
            buffer.writeVarint(gap.scrapes)
            buffer.writeText(gap.reason)
        case .ack(let ranges): buffer.writeRanges(ranges)
        case .credit(let bytes): buffer.writeInteger(bytes, endianness: .little)
        case .ping(let ping):
            buffer.writeInteger(ping.sequence, endianness: .little)
            buffer.writeInteger(ping.clock, endianness: .little)
        case .pong(let pong):
            buffer.writeInteger(pong.sequence, endianness: .little)
            buffer.writeInteger(pong.echo, endianness: .little)
            buffer.writeInteger(pong.clock, endianness: .little)
        case .goAway(let goAway):
            buffer.writeInteger(goAway.code, endianness: .little)
            buffer.writeInteger(goAway.reconnectMilliseconds, endianness: .little)
            buffer.writeText(goAway.message)
        case .checksumRequest(let request):
            buffer.writeInteger(request.id, endianness: .little)
            buffer.writeRanges(request.ranges)
        case .checksums(let checksums): write(checksums, into: &buffer)
        }
    }

    private static func write(_ checksums: Frame.Checksums, into buffer: inout ByteBuffer) {
        buffer.writeInteger(checksums.id, endianness: .little)
        buffer.writeInteger(checksums.outcome)
        let parts = checksums.parts.prefix(Protocol.maximumParts)
        buffer.writeInteger(UInt16(truncatingIfNeeded: parts.count), endianness: .little)
        for part in parts {
            buffer.writeRange(part.range)
            buffer.writeInteger(part.checksum, endianness: .little)
        }
        buffer.writeRanges(checksums.held)
    }

    private static func write(_ hello: Frame.Hello, into buffer: inout ByteBuffer) {
        buffer.writeInteger(hello.minimumVersion, endianness: .little)
        buffer.writeInteger(hello.maximumVersion, endianness: .little)
        buffer.writeInteger(hello.instance, endianness: .little)
        buffer.writeInteger(hello.clock, endianness: .little)
        buffer.writeInteger(UInt8(hello.isProbe ? 1 : 0))
        buffer.writeInteger(hello.logVersion, endianness: .little)
        buffer.writeText(hello.build)
        buffer.writeRanges(hello.held)
    }

    private static func write(_ welcome: Frame.Welcome, into buffer: inout ByteBuffer) {
        buffer.writeInteger(welcome.version, endianness: .little)
        buffer.writeInteger(welcome.connection, endianness: .little)
        buffer.writeInteger(welcome.role)
        buffer.writeInteger(welcome.clock, endianness: .little)
        buffer.writeInteger(welcome.credit, endianness: .little)
        let logVersions = welcome.logVersions.prefix(Protocol.maximumLogVersions)
        // The bounds are for people who read the wire; what counts is the list at the end.
        buffer.writeInteger(logVersions.min() ?? 0, endianness: .little)
        buffer.writeInteger(logVersions.max() ?? 0, endianness: .little)
        buffer.writeText(welcome.collector)
        buffer.writeRanges(welcome.held)
        buffer.writeInteger(UInt8(truncatingIfNeeded: logVersions.count))
        for version in logVersions { buffer.writeInteger(version, endianness: .little) }
    }
}
