import Glibc
import NIOCore

/// An IP address in network order, without port and zone.
///
/// Owns 4 or 16 bytes and the knowledge of which IPv4 address an IPv6 one stands for.
struct IPAddress: Sendable, Hashable {
    /// 4 or 16.
    let bytes: [UInt8]

    /// An address from its bytes; nil when they are neither 4 nor 16.
    init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// The address in its one agreed spelling, an IPv6 one without brackets; a zone is passed over.
    init?(_ text: String) {
        let plain = text.contains(":") ? String(text.prefix { $0 != "%" }) : text
        guard !plain.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, plain, &four) == 1 {
            bytes = unsafe withUnsafeBytes(of: &four) { unsafe Array($0) }
        } else if unsafe inet_pton(AF_INET6, plain, &six) == 1 {
            bytes = unsafe withUnsafeBytes(of: &six) { unsafe Array($0) }
        } else {
            return nil
        }
    }

    /// The address in any spelling that a resolver takes for one, `127.1` and `0x7f000001` included, with or without a
    /// dot at its end.
    init?(anySpelling text: String) {
        let plain = text.hasSuffix(".") ? String(text.dropLast()) : text
        if let address = IPAddress(plain) {
            self = address
            return
        }
        var four = in_addr()
        guard !plain.isEmpty, !plain.utf8.contains(0), unsafe inet_aton(plain, &four) == 1 else { return nil }
        bytes = unsafe withUnsafeBytes(of: &four) { unsafe Array($0) }
    }

    /// The address of a socket; nil when it is none of IP.
    init?(_ address: SocketAddress) {
        // Linux: the family and port come first, and in IPv6 the flow label (members of imported C structs are out of
        // reach here without importing NIO's own C module).
        switch address {
        case .v4(let four): bytes = unsafe withUnsafeBytes(of: four.address) { unsafe Array($0[4..<8]) }
        case .v6(let six): bytes = unsafe withUnsafeBytes(of: six.address) { unsafe Array($0[8..<24]) }
        case .unixDomainSocket: return nil
        }
    }

    /// The IPv4 address that would be reached: itself, or the one inside ::ffff:0:0/96, 64:ff9b::/96 or ::/96.
    var embeddedIPv4: [UInt8]? {
        if bytes.count == 4 { return bytes }
        let isTranslated = bytes[..<12].elementsEqual([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
        // ::/96 is obsolete; ::0 and ::1 are IPv6's own.
        let isCompatible = bytes[..<12].allSatisfy { $0 == 0 } && bytes[12..<15].contains { $0 != 0 }
        guard isMapped || isTranslated || isCompatible else { return nil }
        return Array(bytes[12...])
    }

    /// The same address as IPv4 where it is an IPv4 one in IPv6's clothes (::ffff:0:0/96).
    var canonical: IPAddress { isMapped ? IPAddress(bytes: Array(bytes[12...])) ?? self : self }

    /// Whether the address is loopback in any spelling.
    var isLoopback: Bool {
        if let four = embeddedIPv4 { return four[0] == 127 }
        return bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    private var isMapped: Bool {
        bytes.count == 16 && bytes[..<12].elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
    }
}

extension IPAddress: CustomStringConvertible {
    /// The agreed spelling.
    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "no address" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
