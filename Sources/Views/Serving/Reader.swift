import NIOCore

/// Who reads, as far as the connection tells. Worked out once per connection.
struct Reader: Sendable {
    /// Whether the reader is on this host.
    let isLoopback: Bool
    /// As text; that of an IPv4 reader on an IPv6 socket as IPv4. Empty when there is none.
    let address: String

    /// - Parameter address: of the reader's socket; nil when it is not an IP socket.
    init(address: SocketAddress?) {
        let text = address?.ipAddress ?? ""
        self.address = text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
        isLoopback = text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }

    /// A number for the one who reads: its address and what it calls itself. Two Prometheis on one host share it; their
    /// reads then follow the rule for newcomers, which is right but for the rare phase at the edge of a scrape.
    func key(userAgent: String) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(address)
        hasher.combine(userAgent)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
