@testable import Discovery

/// Writes DNS messages as name servers do: every name ends in a pointer where an end of it has been written before.
///
/// Owns the bytes and where each name in them stands.
struct CompressingWriter {
    private(set) var bytes: [UInt8] = []
    private var places: [[UInt8]: Int] = [:]

    /// The message with its answers in full, and an authority record behind them.
    static func bytes(of message: DNSMessage, authority: DNSName? = nil) -> [UInt8] {
        var writer = CompressingWriter()
        var flags: UInt16 = message.isResponse ? 0x8180 : 0x0100
        flags |= message.code.rawValue & 15 | (message.isTruncated ? 0x0200 : 0)
        let counts = [
            message.question == nil ? 0 : 1, message.answers.count, authority == nil ? 0 : 1,
            message.datagramBytes == nil ? 0 : 1,
        ]
        writer.bytes = ([message.id, flags] + counts.map(UInt16.init)).flatMap(\.bigEndianBytes)
        if let question = message.question {
            writer.append(question.name)
            writer.bytes += question.type.bigEndianBytes + DNSType.internetClass.bigEndianBytes
        }
        let owner = message.question?.name ?? .root
        for answer in message.answers { writer.append(answer, owner: owner) }
        if let authority { writer.append(.ns(authority), owner: authority) }
        if let size = message.datagramBytes {
            let code = UInt8(truncatingIfNeeded: message.code.rawValue >> 4)
            writer.bytes += [0] + DNSType.opt.bigEndianBytes + size.bigEndianBytes + [code, 0, 0, 0, 0, 0]
        }
        return writer.bytes
    }

    private mutating func append(_ name: DNSName) {
        var labels = name.labels[...]
        while let label = labels.first {
            let rest = labels.flatMap { [UInt8($0.count)] + $0 }
            if let place = places[rest] {
                bytes += (0xc000 | UInt16(place)).bigEndianBytes
                return
            }
            if bytes.count < 0x4000 { places[rest] = bytes.count }
            bytes += [UInt8(label.count)] + label
            labels = labels.dropFirst()
        }
        bytes.append(0)
    }

    private mutating func append(_ record: DNSRecord, owner: DNSName) {
        append(owner)
        bytes += record.encoded.type.bigEndianBytes + DNSType.internetClass.bigEndianBytes + [0, 0, 1, 44]
        let length = bytes.count
        bytes += [0, 0]
        switch record {
        case .srv(let priority, let weight, let port, let target):
            bytes += [priority, weight, port].flatMap(\.bigEndianBytes)
            append(target)
        case .mx(let preference, let exchange):
            bytes += preference.bigEndianBytes
            append(exchange)
        case .ns(let name), .cname(let name): append(name)
        default: bytes += record.encoded.content
        }
        bytes.replaceSubrange(length..<length + 2, with: UInt16(bytes.count - length - 2).bigEndianBytes)
    }
}
