package import NIOCore

/// Which addresses may be dialled.
///
/// Owns the list of addresses nobody scrapes on purpose: clouds answer with credentials there. It is asked after
/// resolution and before connecting, and the very address it judged is the one dialled, so that no spelling and no
/// name server gets around it.
package struct AddressPolicy: Sendable, Hashable {
    /// How the client came to the address.
    package enum Origin: Sendable, Hashable {
        /// The configuration names a host that resolves to it.
        case configured
        /// The configuration contains it, literally.
        case configuredLiterally
        /// A redirect; `fromLoopback` when the first request of the chain went to loopback.
        case redirect(fromLoopback: Bool)
    }

    /// The standing policy; there is nothing to configure.
    package init() {}

    /// Why this address is not dialled, as the end of a sentence; nil when it may be.
    package func refusal(of address: SocketAddress, origin: Origin) -> String? {
        guard let bytes = Self.bytes(of: address) else { return "it is no IP address" }
        let isWritten = origin == .configuredLiterally
        if let four = Self.embeddedIPv4(bytes) {
            switch (four[0], four[1], four[2], four[3]) {
            case (0, _, _, _): return "it is the unspecified address"
            // EC2, ECS and EKS, Alibaba, Azure: credentials are had there for the asking, so not even when written.
            case (169, 254, 169, 254), (169, 254, 170, 2), (169, 254, 170, 23), (100, 100, 100, 200),
                (168, 63, 129, 16):
                return "it is a cloud's metadata address"
            case (169, 254, _, _): return isWritten ? nil : "it is link-local"
            case (224..., _, _, _): return "it is multicast or broadcast"
            case (127, _, _, _): return Self.loopbackRefusal(origin)
            default: return nil
            }
        }
        switch (bytes[0], bytes[1]) {
        case (0, 0) where bytes.dropLast().allSatisfy({ $0 == 0 }) && bytes[15] == 0:
            return "it is the unspecified address"
        case (0, 0) where bytes.dropLast().allSatisfy({ $0 == 0 }) && bytes[15] == 1:
            return Self.loopbackRefusal(origin)
        case (0xfe, 0x80...0xbf): return isWritten ? nil : "it is link-local"
        case (0xff, _): return "it is multicast or broadcast"
        case (0xfd, 0x00) where bytes[2] == 0x0e && bytes[3] == 0xc2: return "it is a cloud's metadata address"
        case (0xfd, 0x20) where bytes[2] == 0x00 && bytes[3] == 0xce && bytes[4..<14].allSatisfy({ $0 == 0 }):
            return bytes[14] == 0x02 && bytes[15] == 0x54 ? "it is a cloud's metadata address" : nil
        default: return nil
        }
    }

    /// Whether the address is loopback in any spelling.
    package static func isLoopback(_ address: SocketAddress) -> Bool {
        guard let bytes = bytes(of: address) else { return false }
        if let four = embeddedIPv4(bytes) { return four[0] == 127 }
        return bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    private static func loopbackRefusal(_ origin: Origin) -> String? {
        origin == .redirect(fromLoopback: false) ? "it is loopback" : nil
    }

    /// The address in network order: 4 or 16 bytes.
    private static func bytes(of address: SocketAddress) -> [UInt8]? {
        // Linux: the family and port come first, and in IPv6 the flow label (members of imported C structs are out of
        // reach here without importing NIO's own C module).
        switch address {
        case .v4(let four): unsafe withUnsafeBytes(of: four.address) { unsafe Array($0[4..<8]) }
        case .v6(let six): unsafe withUnsafeBytes(of: six.address) { unsafe Array($0[8..<24]) }
        case .unixDomainSocket: nil
        }
    }

    /// The IPv4 address that would be reached: itself, or the one inside ::ffff:0:0/96, 64:ff9b::/96 or ::/96.
    private static func embeddedIPv4(_ bytes: [UInt8]) -> [UInt8]? {
        if bytes.count == 4 { return bytes }
        let prefix = bytes[..<12]
        let isMapped = prefix.elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
        let isTranslated = prefix.elementsEqual([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
        // ::/96 is obsolete; ::0 and ::1 are IPv6's own.
        let isCompatible = prefix.allSatisfy { $0 == 0 } && bytes[12..<15].contains { $0 != 0 }
        guard isMapped || isTranslated || isCompatible else { return nil }
        return Array(bytes[12...])
    }
}
