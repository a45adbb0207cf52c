/// A network address: a host name or IP address, and a port.
package struct HostPort: Sendable, Hashable {
    /// The name or address, an IPv6 address without its brackets.
    package var host: String
    /// The port; 0, where it is allowed, lets the kernel choose.
    package var port: Int

    /// An address from its parts.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Why a text is no address: what it should have been.
    struct Mistake: Error {
        var expected: String
    }

    /// The address `host:port`, `[ipv6]:port`, or, for listening, `:port`, which means every IPv4 address.
    static func parse(_ text: String, listening: Bool = false) throws(Mistake) -> HostPort {
        let example = listening ? "host:port such as 0.0.0.0:9443" : "host:port such as collector.example.com:9443"
        if text.contains("://") { throw Mistake(expected: "\(example), without a scheme") }
        guard let (host, port) = split(text), let port else {
            let manyColons = text.utf8.count { $0 == UInt8(ascii: ":") } > 1
            throw Mistake(expected: manyColons ? "\(example), an IPv6 address in brackets" : example)
        }
        guard let number = portNumber(port), listening || number > 0 else {
            throw Mistake(expected: "\(example), the port between \(listening ? 0 : 1) and 65535")
        }
        if host.isEmpty {
            guard listening else { throw Mistake(expected: example) }
            return HostPort(host: "0.0.0.0", port: number)
        }
        guard isHost(host) else { throw Mistake(expected: example) }
        return HostPort(host: host, port: number)
    }

    /// Host without brackets and port; `nil` when brackets or colons do not match up.
    static func split(_ text: String) -> (host: String, port: String?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard host.contains(":") else { return nil }
            if rest.isEmpty { return (host, nil) }
            return rest.hasPrefix(":") ? (host, String(rest.dropFirst())) : nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (text, nil)
        case 2: return (String(parts[0]), String(parts[1]))
        default: return nil
        }
    }

    /// A port from 0 to 65535, digits only.
    static func portNumber(_ text: String) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text).flatMap { $0 <= 65535 ? $0 : nil }
    }

    /// Whether `host` can be a name, an IPv4 or an IPv6 address; it is not looked up.
    static func isHost(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        if host.contains(":") {
            let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
            return parts[0].utf8.allSatisfy { "0123456789abcdefABCDEF:.".utf8.contains($0) }
                && parts.dropFirst().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isNameByte) }
        }
        return host.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: ".-_".utf8.contains(byte)
        }
    }
}

extension HostPort: CustomStringConvertible {
    /// `host:port`, an IPv6 address in brackets.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
