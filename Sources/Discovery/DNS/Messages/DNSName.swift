/// A whole domain name: what `example.com.` means.
///
/// Owns its invariant: one label at least (the root's), none longer than 63 bytes, 255 bytes in all.
struct DNSName: Sendable, Hashable {
    /// As in a message: each label behind its length, the empty one of the root at the end.
    let wire: [UInt8]

    static let maximumBytes = 255
    static let maximumLabelBytes = 63
    static let root = DNSName(wire: [0])

    private init(wire: [UInt8]) { self.wire = wire }

    /// The name made of these labels; nil when one of them or all together are too long.
    init?(labels: some Sequence<some Collection<UInt8>>) {
        var wire: [UInt8] = []
        for label in labels {
            guard (1...Self.maximumLabelBytes).contains(label.count) else { return nil }
            wire.append(UInt8(label.count))
            wire += label
            guard wire.count < Self.maximumBytes else { return nil }
        }
        self.wire = wire + [0]
    }

    /// The name that a person wrote, with `\.` for a dot inside a label and `\DDD` for any byte, as in zone files.
    ///
    /// - Returns: the name, and whether it ends with a dot: it is then whole, and sought nowhere else.
    static func parse(_ text: some StringProtocol) throws(DNSError) -> (name: DNSName, isAbsolute: Bool) {
        if text == "." { return (.root, true) }
        var labels: [[UInt8]] = []
        var label: [UInt8] = []
        var rest = Array(text.utf8.prefix(maximumBytes * 4 + 1))[...]
        var isAbsolute = false
        while let byte = rest.popFirst() {
            isAbsolute = false
            switch byte {
            case UInt8(ascii: "."):
                labels.append(label)
                label = []
                isAbsolute = true
            case UInt8(ascii: "\\"):
                guard let escaped = unescape(&rest) else { throw invalid(text) }
                label.append(escaped)
            default: label.append(byte)
            }
        }
        if !isAbsolute { labels.append(label) }
        guard let name = DNSName(labels: labels) else { throw invalid(text) }
        return (name, isAbsolute)
    }

    /// The byte that a backslash introduces.
    private static func unescape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let first = rest.popFirst() else { return nil }
        guard let hundreds = digit(first) else { return first }
        guard let tens = rest.popFirst().flatMap(digit), let ones = rest.popFirst().flatMap(digit) else { return nil }
        return UInt8(exactly: hundreds * 100 + tens * 10 + ones)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
    }

    private static func invalid(_ text: some StringProtocol) -> DNSError {
        let start = String(text.prefix(64))
        return DNSError(
            .invalidName,
            "\(start.debugDescription) is no DNS name: expected labels of 1 to 63 bytes with dots between them, "
                + "255 bytes in all")
    }

    /// The labels, without the root's.
    var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var rest = wire[...]
        while let length = rest.popFirst(), length > 0 {
            labels.append(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return labels
    }

    /// The name below another one; nil when that is too long.
    func below(_ parent: DNSName) -> DNSName? { DNSName(labels: labels + parent.labels) }

    /// Whether it is the same name to DNS, which knows no case.
    func isSame(as other: DNSName) -> Bool {
        // Lengths are below 64, where there are no letters.
        wire.lazy.map(Self.lowercased).elementsEqual(other.wire.lazy.map(Self.lowercased))
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

extension DNSName: CustomStringConvertible {
    /// With the dot at the end, escaped as Prometheus' DNS library does it.
    var description: String {
        if wire.count <= 1 { return "." }
        var text: [UInt8] = []
        text.reserveCapacity(wire.count)
        for label in labels {
            for byte in label {
                if ". '@;()\"\\".utf8.contains(byte) {
                    text += [UInt8(ascii: "\\"), byte]
                } else if (UInt8(ascii: "!")...UInt8(ascii: "~")).contains(byte) {
                    text.append(byte)
                } else {
                    text.append(UInt8(ascii: "\\"))
                    for digit in [byte / 100, byte / 10 % 10, byte % 10] { text.append(UInt8(ascii: "0") + digit) }
                }
            }
            text.append(UInt8(ascii: "."))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
