/// A block of IP addresses: an address and how many of its first bits count (CIDR).
///
/// Owns the network's bytes with all other bits cleared. Mapped IPv4 (::ffff:0:0/96) counts as IPv4 on both sides, so
/// that `::/0` is every IPv6 address and no IPv4 one.
struct AddressBlock: Sendable, Hashable {
    let network: IPAddress
    let prefixLength: Int

    /// `10.0.0.0/8`, `fd00::/8`, or an address alone, which is a block of one; nil when it is neither.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let written = IPAddress(String(parts[0])), !parts[0].contains("%") else { return nil }
        let width = written.bytes.count * 8
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(parts[1]), number <= width
            else { return nil }
            length = number
        }
        var address = written
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        if length >= 96, written.canonical != written {
            address = written.canonical
            length -= 96
        }
        guard let network = IPAddress(bytes: Self.masked(address.bytes, length)) else { return nil }
        self.network = network
        prefixLength = length
    }

    /// Whether the address is one of the block.
    func contains(_ address: IPAddress) -> Bool {
        let bytes = address.canonical.bytes
        return bytes.count == network.bytes.count && Self.masked(bytes, prefixLength) == network.bytes
    }

    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let bits = min(max(length - index * 8, 0), 8)
            return bits == 8 ? byte : byte & ~(UInt8.max >> UInt8(bits))
        }
    }
}
