import NIOCore

@testable import ScrapeCodec

/// Writes payloads that no encoder would.
enum PayloadBuilder {
    /// A keyframe's head: a text of that length, stored that way.
    static func head(_ encoding: BodyEncoding, bytes: Int64) -> ByteBuffer {
        var payload = ByteBuffer(bytes: [4, 0, 0, encoding.rawValue])
        payload.writeZigzag(bytes)
        return payload
    }

    static func whole(_ encoding: BodyEncoding, bytes: Int64, _ content: ByteBuffer) -> ByteBuffer {
        var payload = head(encoding, bytes: bytes)
        payload.writeImmutableBuffer(content)
        return payload
    }

    static func lines(
        bytes: Int64, own: [UInt8] = [], edits: [UInt8] = [], specials: [UInt8] = [], range: [UInt8] = [],
        bits: [UInt8] = []
    ) -> ByteBuffer {
        var payload = head(.lines, bytes: bytes)
        for section in [own, edits, specials, range] {
            payload.writeVarint(UInt64(section.count))
            payload.writeBytes(section)
        }
        payload.writeBytes(bits)
        return payload
    }

    /// Lines as a dictionary record has them.
    static func dictionary(_ lines: [(text: String, kind: LineReference.Kind)]) -> [UInt8] {
        lines.flatMap { line -> [UInt8] in
            varints([UInt64(line.text.utf8.count) << 2 | UInt64(line.kind.rawValue)]) + Array(line.text.utf8)
        }
    }

    /// One edit; an insertion has the first id behind it, doubled, odd among own lines.
    static func edit(_ edit: LayoutEdit, _ count: UInt64, _ id: UInt64? = nil) -> [UInt8] {
        varints([count << 2 | edit.rawValue] + (id.map { [$0] } ?? []))
    }

    static func varints(_ numbers: [UInt64]) -> [UInt8] {
        var buffer = ByteBuffer()
        for number in numbers { buffer.writeVarint(number) }
        return Array(buffer: buffer)
    }

    /// A zstd frame as the encoder makes them.
    static func frame(_ content: ByteBuffer) throws -> ByteBuffer {
        let context = CompressionContext(level: 1)
        var frame = ByteBuffer()
        _ = try context?.compress(content, into: &frame)
        return frame
    }
}
