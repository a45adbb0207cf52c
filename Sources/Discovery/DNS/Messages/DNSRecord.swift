/// One record of an answer, as far as targets are made of it. Whose it is and how long it holds are not kept: Prometheus
/// looks at neither.
enum DNSRecord: Sendable, Hashable {
    /// Four bytes.
    case a([UInt8])
    /// Sixteen bytes.
    case aaaa([UInt8])
    case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
    case mx(preference: UInt16, exchange: DNSName)
    case ns(DNSName)
    case cname(DNSName)
    /// Of another type or class; its content is not kept.
    case other

    /// Reads a record of one of the sections, its name included.
    init(reading reader: inout DNSReader) throws(DNSError) {
        let fields = try Fields(reading: &reader)
        try self.init(reading: &reader, fields)
    }

    /// What every record begins with.
    struct Fields {
        var type: UInt16
        /// Of the OPT record: the size of datagrams.
        var classNumber: UInt16
        /// Seconds; of the OPT record: flags.
        var timeToLive: UInt32
        /// Bytes that follow.
        var length: Int

        init(reading reader: inout DNSReader) throws(DNSError) {
            _ = try reader.name()
            type = try reader.uint16()
            classNumber = try reader.uint16()
            timeToLive = try reader.uint32()
            length = Int(try reader.uint16())
        }
    }

    private init(reading reader: inout DNSReader, _ fields: Fields) throws(DNSError) {
        let start = reader.index
        switch (fields.classNumber, fields.type) {
        case (DNSType.internetClass, DNSType.a): self = .a(try reader.take(4))
        case (DNSType.internetClass, DNSType.aaaa): self = .aaaa(try reader.take(16))
        case (DNSType.internetClass, DNSType.srv):
            self = .srv(
                priority: try reader.uint16(), weight: try reader.uint16(), port: try reader.uint16(),
                target: try reader.name())
        case (DNSType.internetClass, DNSType.mx):
            self = .mx(preference: try reader.uint16(), exchange: try reader.name())
        case (DNSType.internetClass, DNSType.ns): self = .ns(try reader.name())
        case (DNSType.internetClass, DNSType.cname): self = .cname(try reader.name())
        default:
            try reader.skip(fields.length)
            self = .other
        }
        guard reader.index - start == fields.length else {
            throw DNSError(.malformedMessage, "a record of type \(fields.type) in it has a wrong length")
        }
    }

    /// Type and content, as a message holds them.
    var encoded: (type: UInt16, content: [UInt8]) {
        switch self {
        case .a(let bytes): (DNSType.a, bytes)
        case .aaaa(let bytes): (DNSType.aaaa, bytes)
        case .srv(let priority, let weight, let port, let target):
            (DNSType.srv, [priority, weight, port].flatMap(\.bigEndianBytes) + target.wire)
        case .mx(let preference, let exchange): (DNSType.mx, preference.bigEndianBytes + exchange.wire)
        case .ns(let name): (DNSType.ns, name.wire)
        case .cname(let name): (DNSType.cname, name.wire)
        case .other: (DNSType.null, [])
        }
    }
}

extension UInt16 {
    /// High byte first, as DNS has it.
    var bigEndianBytes: [UInt8] { [UInt8(truncatingIfNeeded: self >> 8), UInt8(truncatingIfNeeded: self)] }
}
