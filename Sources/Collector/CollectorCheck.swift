package import Settings
import TLS

/// What `culvert check` finds out about a collector's certificates.
package enum CollectorCheck {
    /// - Throws: `TLSError` or `CollectorError` for a file that cannot be used.
    package static func certificates(_ settings: CollectorSettings) throws -> [String] {
        let tls = try TLSMaterial(settings)
        guard let own = tls.tunnel.ownCertificate else { return [] }
        let domain = try TLSMaterial.trustDomain(settings, own: own)
        let names = (own.dnsNames + own.ipAddresses).joined(separator: ", ")
        return ["certificate: for \(names), valid until \(own.notAfterText); agents of trust domain \(domain)"]
    }
}
