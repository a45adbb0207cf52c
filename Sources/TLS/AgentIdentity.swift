/// Who the other end of the tunnel is, taken from its verified leaf certificate and from nothing else.
///
/// The identity is the one URI among the certificate's alternative names: `culvert://<trust-domain>/agent/<name>`, or
/// `…/collector/<name>` in a collector's own certificate.
package struct AgentIdentity: Sendable, Hashable {
    /// Which side of the tunnel the certificate was made for.
    package enum Role: String, Sendable, Hashable {
        case agent
        case collector
    }

    /// The realm in which names are unique: all certificates of one installation share it.
    package let trustDomain: String
    /// Which side of the tunnel it is.
    package let role: Role
    /// The name, which matches `[a-z0-9][a-z0-9._-]{0,62}`.
    package let name: String

    private static let expected = "expected exactly one URI culvert://<trust-domain>/agent/<name>"

    /// The identity in `certificate`, or an error (`.identity`) that says what was found instead.
    ///
    /// An agent's certificate carries nothing but its URI; a collector's also names its hosts.
    package init(certificate: PeerCertificate) throws(TLSError) {
        func refuse(_ found: String) -> TLSError {
            TLSError(
                .identity, "the certificate \(found), \(Self.expected)", culprit: certificate.subject,
                cure: "issue it with `certs/issue DIR --agent NAME`")
        }
        guard let uri = certificate.uriNames.first else {
            throw refuse("carries no URI among its names (\(certificate.namesForPeople))")
        }
        guard certificate.uriNames.count == 1 else {
            throw refuse("carries \(certificate.uriNames.count) URIs (\(certificate.namesForPeople))")
        }
        let shown = PeerCertificate.printable(uri)
        // Lengths and bytes are compared, never C strings: a NUL would let one name pose as another.
        guard uri.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("carries the URI \(shown), which is not printable ASCII")
        }
        let scheme = Array("culvert://".utf8)
        guard uri.starts(with: scheme) else { throw refuse("carries the URI \(shown)") }
        let parts = uri.dropFirst(scheme.count).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 3, let role = Role(rawValue: String(decoding: parts[1], as: UTF8.self)) else {
            throw refuse("carries the URI \(shown)")
        }
        guard Self.isTrustDomain(parts[0]) else {
            throw refuse("carries the URI \(shown), whose trust domain is not of the form [a-z0-9][a-z0-9.-]{0,254}")
        }
        guard Self.isName(parts[2]) else {
            throw refuse("carries the URI \(shown), whose name is not of the form [a-z0-9][a-z0-9._-]{0,62}")
        }
        let others = certificate.dnsNames.count + certificate.ipAddresses.count
        guard certificate.otherNameCount == 0, role == .collector || others == 0 else {
            throw refuse("of an agent carries other names beside its URI (\(certificate.namesForPeople))")
        }
        trustDomain = String(decoding: parts[0], as: UTF8.self)
        self.role = role
        name = String(decoding: parts[2], as: UTF8.self)
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        (1...63).contains(bytes.count) && isAlphanumeric(bytes.first)
            && bytes.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
    }

    private static func isTrustDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
        (1...255).contains(bytes.count) && isAlphanumeric(bytes.first)
            && bytes.allSatisfy { isAlphanumeric($0) || ".-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
