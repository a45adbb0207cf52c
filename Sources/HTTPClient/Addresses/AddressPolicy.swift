package import NIOCore

/// Which addresses may be dialled.
///
/// Owns the list of addresses nobody scrapes on purpose, clouds answer with credentials there, and the operator's list of
/// those that are meant. It is asked after resolution and before connecting, and the very address it judged is the one
/// dialled, so that no spelling and no name server gets around it.
package struct AddressPolicy: Sendable, Hashable {
    /// How the client came to the address.
    package enum Origin: Sendable, Hashable {
        /// The configuration names a host that resolves to it.
        case configured
        /// The configuration contains it, literally.
        case configuredLiterally
        /// A redirect; `fromLoopback` when the first request of the chain went to loopback.
        case redirect(fromLoopback: Bool)
        /// A proxy that the operator named, `isLiteral` when by its address.
        case proxy(isLiteral: Bool)
    }

    /// Where there are such rules, one of them has to permit whatever is dialled. They only ever narrow.
    package let allowed: [AddressRule]?

    /// The standing policy, narrowed to what `allowed` permits where it is given.
    package init(allowed: [AddressRule]? = nil) {
        self.allowed = allowed
    }

    /// Why this address is not dialled, as the end of a sentence; nil when it may be.
    package func refusal(
        of address: SocketAddress, origin: Origin, scheme: HTTPURL.Scheme = .http
    ) -> String? {
        guard let ip = IPAddress(address) else { return "it is no IP address" }
        return refusal(of: ip, port: address.port ?? 0, origin: origin, scheme: scheme)
    }

    /// Why a proxy is not asked for `url`, as the end of a sentence; nil when it may be. An address in it is judged as
    /// if it were dialled here. Of a name, which the proxy resolves, only port, scheme and what everybody knows it for.
    func refusal(behindProxy url: HTTPURL, origin: Origin) -> String? {
        if let ip = IPAddress(anySpelling: url.host) {
            return refusal(of: ip, port: url.port, origin: origin, scheme: url.scheme)
        }
        let name = url.host.hasSuffix(".") ? String(url.host.dropLast()) : url.host
        if Self.metadataNames.contains(name) { return "it is a cloud's metadata address" }
        if Self.isLoopbackName(name), let refusal = Self.loopbackRefusal(origin) { return refusal }
        guard let allowed, !allowed.contains(where: { $0.permits(port: url.port, scheme: url.scheme) }) else {
            return nil
        }
        return "policy.allow does not list port \(url.port) for \(url.scheme.rawValue)"
    }

    private func refusal(of ip: IPAddress, port: Int, origin: Origin, scheme: HTTPURL.Scheme) -> String? {
        if let refusal = Self.standingRefusal(of: ip, origin: origin) { return refusal }
        guard let allowed, origin != .proxy(isLiteral: true) else { return nil }
        if allowed.contains(where: { $0.permits(port: port, scheme: scheme) && $0.block.contains(ip) }) { return nil }
        return "policy.allow does not list \(ip) port \(port) for \(scheme.rawValue)"
    }

    private static func standingRefusal(of ip: IPAddress, origin: Origin) -> String? {
        let isWritten = origin == .configuredLiterally || origin == .proxy(isLiteral: true)
        let bytes = ip.bytes
        if let four = ip.embeddedIPv4 {
            switch (four[0], four[1], four[2], four[3]) {
            case (0, _, _, _): return "it is the unspecified address"
            // EC2, ECS and EKS, Alibaba, Azure: credentials are had there for the asking, so not even when written.
            case (169, 254, 169, 254), (169, 254, 170, 2), (169, 254, 170, 23), (100, 100, 100, 200),
                (168, 63, 129, 16):
                return "it is a cloud's metadata address"
            case (169, 254, _, _): return isWritten ? nil : "it is link-local"
            case (224..., _, _, _): return "it is multicast or broadcast"
            case (127, _, _, _): return loopbackRefusal(origin)
            default: return nil
            }
        }
        switch (bytes[0], bytes[1]) {
        case (0, 0) where bytes.dropLast().allSatisfy({ $0 == 0 }) && bytes[15] == 0:
            return "it is the unspecified address"
        case (0, 0) where ip.isLoopback: return loopbackRefusal(origin)
        case (0xfe, 0x80...0xbf): return isWritten ? nil : "it is link-local"
        case (0xff, _): return "it is multicast or broadcast"
        case (0xfd, 0x00) where bytes[2] == 0x0e && bytes[3] == 0xc2: return "it is a cloud's metadata address"
        case (0xfd, 0x20) where bytes[2] == 0x00 && bytes[3] == 0xce && bytes[4..<14].allSatisfy({ $0 == 0 }):
            return bytes[14] == 0x02 && bytes[15] == 0x54 ? "it is a cloud's metadata address" : nil
        default: return nil
        }
    }

    /// Whether the address is loopback in any spelling.
    package static func isLoopback(_ address: SocketAddress) -> Bool { IPAddress(address)?.isLoopback ?? false }

    /// Whether a URL points to loopback without anybody being asked.
    static func isLoopback(_ url: HTTPURL) -> Bool {
        IPAddress(anySpelling: url.host)?.isLoopback ?? isLoopbackName(url.host)
    }

    private static func isLoopbackName(_ name: String) -> Bool { name == "localhost" || name.hasSuffix(".localhost") }

    private static func loopbackRefusal(_ origin: Origin) -> String? {
        origin == .redirect(fromLoopback: false) ? "it is loopback" : nil
    }

    /// Names under which clouds offer their metadata.
    private static let metadataNames: Set<String> = [
        "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
    ]
}
