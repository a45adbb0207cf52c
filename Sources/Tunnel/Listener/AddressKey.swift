import Glibc
import NIOCore

/// Names for peers: the unit that limits count by, and the text for log lines.
enum AddressKey {
    /// The IPv4 address, or the /64 of the IPv6 address.
    static func make(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "unknown" }
        guard case .v6? = address else { return text }
        var bytes = [UInt8](repeating: 0, count: 16)
        // A zone (`%eth0`) is no part of the address.
        guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &bytes) == 1 else { return text }
        // v4-mapped: the /64 would be the same for the whole of IPv4.
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { return text }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// `address:port`.
    static func describe(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress else { return "unknown" }
        return TunnelAddress.join(text, address?.port ?? 0)
    }
}
