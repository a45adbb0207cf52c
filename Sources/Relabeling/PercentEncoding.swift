/// Percent-encoding as Go's `net/url` does it, whose spelling of a URL is the one Prometheus users see.
package struct PercentEncoding: Sendable {
    private let keeps: @Sendable (UInt8) -> Bool
    private let spaceAsPlus: Bool

    /// For a whole path: everything a path may hold stays, `?` and `%` do not.
    package static let path = PercentEncoding(
        keeps: { isUnreserved($0) || "$&+,/:;=@".utf8.contains($0) }, spaceAsPlus: false)

    /// For a key or a value of a query, a space becoming `+`.
    package static let query = PercentEncoding(keeps: isUnreserved, spaceAsPlus: true)

    /// `text` encoded.
    package func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if keeps(byte) {
                bytes.append(byte)
            } else if byte == UInt8(ascii: " "), spaceAsPlus {
                bytes.append(UInt8(ascii: "+"))
            } else {
                bytes += [UInt8(ascii: "%"), Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A query of `parameters`, sorted by the bytes of the keys, the values of one key in their order.
    package static func query(_ parameters: [String: [String]]) -> String {
        parameters.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .flatMap { key, values in values.map { query.encode(key) + "=" + query.encode($0) } }
            .joined(separator: "&")
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-_.~".utf8.contains(byte)
        }
    }
}
