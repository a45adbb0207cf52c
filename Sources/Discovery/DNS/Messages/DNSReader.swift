/// Reads the parts of one DNS message, front to back.
///
/// Owns the place in it. Every length is checked against the bytes there are; a name takes a bounded number of steps,
/// whatever its pointers say.
struct DNSReader {
    private let bytes: [UInt8]
    private(set) var index = 0

    /// As many as a name of the greatest length could need.
    private static let maximumPointers = 126

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(DNSError) -> UInt8 {
        guard index < bytes.count else { throw Self.cut }
        defer { index += 1 }
        return bytes[index]
    }

    mutating func uint16() throws(DNSError) -> UInt16 { UInt16(try byte()) << 8 | UInt16(try byte()) }

    mutating func uint32() throws(DNSError) -> UInt32 { UInt32(try uint16()) << 16 | UInt32(try uint16()) }

    mutating func take(_ count: Int) throws(DNSError) -> [UInt8] {
        let start = index
        try skip(count)
        return Array(bytes[start..<index])
    }

    mutating func skip(_ count: Int) throws(DNSError) {
        guard count >= 0, count <= bytes.count - index else { throw Self.cut }
        index += count
    }

    mutating func name() throws(DNSError) -> DNSName {
        var labels: [ArraySlice<UInt8>] = []
        var position = index
        // Pointers lead in front of the part they end, so that there is no way round in circles.
        var start = index
        var pointers = 0
        while true {
            guard position < bytes.count else { throw Self.cut }
            let first = Int(bytes[position])
            switch first >> 6 {
            case 0:
                guard position + first < bytes.count else { throw Self.cut }
                let end = position + 1 + first
                if first == 0 {
                    if pointers == 0 { index = end }
                    guard let name = DNSName(labels: labels) else { throw Self.longName }
                    return name
                }
                guard labels.count < DNSName.maximumBytes / 2 else { throw Self.longName }
                labels.append(bytes[position + 1..<end])
                position = end
            case 3:
                guard position + 1 < bytes.count else { throw Self.cut }
                let target = (first & 0x3f) << 8 | Int(bytes[position + 1])
                guard target < start, pointers < Self.maximumPointers else {
                    throw DNSError(.malformedMessage, "a name in it points forward or in circles")
                }
                if pointers == 0 { index = position + 2 }
                pointers += 1
                start = target
                position = target
            default: throw DNSError(.malformedMessage, "a name in it holds a label of an unknown kind")
            }
        }
    }

    private static let cut = DNSError(.malformedMessage, "it ends too early")
    private static let longName = DNSError(.malformedMessage, "a name in it is longer than 255 bytes")
}
