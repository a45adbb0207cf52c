import Glibc
import NIOCore

/// A server that answers DNS questions: an address, and a port that is 53 as a rule.
struct NameServer: Sendable, Hashable {
    /// An IPv4 or IPv6 address, of a link-local one perhaps with `%` and the interface.
    let host: String
    let port: Int

    /// As resolv.conf has it: an address, or `[address]:port`. Nil when it is neither.
    init?(_ text: String) {
        var host = text
        var port = 53
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[..<end].dropFirst())
            let rest = text[end...].dropFirst()
            guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
            port = Int(number)
        }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard (try? SocketAddress(ipAddress: String(parts[0]), port: port)) != nil,
            parts.count == 1 || (parts[0].contains(":") && !parts[1].isEmpty)
        else { return nil }
        self.host = host
        self.port = port
    }

    /// What to connect to; an interface is looked up now.
    func socketAddress() throws(DNSError) -> SocketAddress {
        let parts = host.split(separator: "%", maxSplits: 1).map(String.init)
        let address: SocketAddress
        do {
            address = try SocketAddress(ipAddress: parts[0], port: port)
        } catch {
            throw DNSError(.unusableConfiguration, "is no address")
        }
        guard parts.count == 2, case .v6(let six) = address else { return address }
        var raw = six.address
        let interface = UInt32(parts[1]) ?? if_nametoindex(parts[1])
        guard interface > 0 else {
            throw DNSError(.unusableConfiguration, "is behind an interface that does not exist: \(parts[1])")
        }
        // Members of imported C structs are out of reach without importing NIO's own C module: the scope comes last, behind
        // family and port, flow label and address.
        withUnsafeMutableBytes(of: &raw) { $0.storeBytes(of: interface, toByteOffset: 24, as: UInt32.self) }
        return SocketAddress(raw)
    }
}

extension NameServer: CustomStringConvertible {
    /// The port only when it is not 53.
    var description: String { port == 53 ? host : AddressText.join(host, port) }
}
