/// The `host[:port]` of a URL.
///
/// Owns the rules for what a host may look like: names of letters, digits, `-`, `.` and `_`, IPv4 literals, and IPv6
/// literals in brackets, with a zone where they need one.
struct Authority {
    let host: String
    let port: Int
    let hostHeader: String

    init(
        _ bytes: ArraySlice<UInt8>, defaultPort: Int, failing code: HTTPClientError.Code
    ) throws(HTTPClientError) {
        guard !bytes.contains(UInt8(ascii: "@")) else {
            throw HTTPClientError(code, "URL with a user name or password in it; use basic_auth or authorization")
        }
        let name: ArraySlice<UInt8>
        var rest: ArraySlice<UInt8>
        let isBracketed = bytes.first == UInt8(ascii: "[")
        if isBracketed {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else {
                throw HTTPClientError(code, "IPv6 address without closing bracket")
            }
            name = bytes[(bytes.startIndex + 1)..<end]
            rest = bytes[(end + 1)...]
        } else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            name = bytes[..<end]
            rest = bytes[end...]
        }
        let plainHost = isBracketed ? try Self.addressIPv6(name, code) : try Self.name(name, code)
        host = plainHost
        // The zone is a matter of this host only and stays out of the header.
        let shown = isBracketed ? "[\(plainHost.prefix { $0 != "%" })]" : plainHost
        guard let colon = rest.popFirst() else {
            port = defaultPort
            hostHeader = shown
            return
        }
        guard colon == UInt8(ascii: ":") else { throw HTTPClientError(code, "text after the host's closing bracket") }
        guard !rest.contains(UInt8(ascii: ":")) else {
            throw HTTPClientError(code, "more than one colon in the host; IPv6 addresses need brackets")
        }
        if rest.isEmpty {
            port = defaultPort
            hostHeader = shown
            return
        }
        guard
            rest.count <= 5, rest.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: rest, as: UTF8.self)), (1...65535).contains(number)
        else { throw HTTPClientError(code, "port of the URL not between 1 and 65535") }
        port = number
        hostHeader = "\(shown):\(number)"
    }

    private static func name(
        _ bytes: ArraySlice<UInt8>, _ code: HTTPClientError.Code
    ) throws(HTTPClientError) -> String {
        guard !bytes.isEmpty else { throw HTTPClientError(code, "URL without a host") }
        guard bytes.count <= 254 else { throw HTTPClientError(code, "host longer than 254 bytes") }
        var lower: [UInt8] = []
        lower.reserveCapacity(bytes.count)
        for byte in bytes {
            switch byte {
            case 0x61...0x7a, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): lower.append(byte)
            case 0x41...0x5a: lower.append(byte | 0x20)
            default:
                throw HTTPClientError(code, "character in the host that is no letter, digit, '-', '.' or '_'")
            }
        }
        return String(decoding: lower, as: UTF8.self)
    }

    private static func addressIPv6(
        _ bytes: ArraySlice<UInt8>, _ code: HTTPClientError.Code
    ) throws(HTTPClientError) -> String {
        let address = bytes.prefix { $0 != UInt8(ascii: "%") }
        var zone = bytes[address.endIndex...].dropFirst()
        if zone.starts(with: "25".utf8), zone.count > 2 { zone = zone.dropFirst(2) }
        let isAddress = address.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x3a || $0 == 0x2e
        }
        guard isAddress, address.contains(UInt8(ascii: ":")), address.count <= 45 else {
            throw HTTPClientError(code, "no IPv6 address between the brackets of the host")
        }
        let isZone = zone.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || "-._".utf8.contains($0)
        }
        guard isZone, zone.count <= 32 else { throw HTTPClientError(code, "malformed zone in the IPv6 address") }
        let text = String(decoding: address, as: UTF8.self).lowercased()
        return zone.isEmpty ? text : text + "%" + String(decoding: zone, as: UTF8.self)
    }
}
