/// What Culvert keeps of an X.509 certificate: its names, its life and the hash of its key.
///
/// A copy without any tie to OpenSSL. It says nothing about trust: on a verified connection it comes from
/// ``TLSHandshakeInfo``, and only the leaf is ever looked at.
package struct PeerCertificate: Sendable, Hashable {
    /// The subject in RFC 2253 form; for people and logs, never for identity.
    package var subject: String
    /// The issuer in RFC 2253 form; for people and logs, never for identity.
    package var issuer: String
    /// The serial number in lowercase hex.
    package var serial: String
    /// When the certificate begins to be valid, in Unix seconds; 0 when unreadable.
    package var notBefore: Int64
    /// When it ceases to be valid, in Unix seconds; 0 when unreadable, which reads as expired.
    package var notAfter: Int64
    /// The URIs among the alternative names, byte for byte: they may hold anything, NUL included.
    package var uriNames: [[UInt8]]
    /// The DNS names, every byte that is not printable ASCII written as `\xNN`.
    package var dnsNames: [String]
    /// The IP addresses in their usual text form.
    package var ipAddresses: [String]
    /// How many alternative names there are of any other type.
    package var otherNameCount: Int
    /// SHA-256 of the public key (SubjectPublicKeyInfo): stays the same when the certificate is renewed with its key.
    package var publicKeyHash: [UInt8]

    /// When the certificate ceases to be valid, for people: `2026-11-22 23:07:00 UTC`.
    package var notAfterText: String { UTCTime.text(notAfter) }

    /// Every alternative name in one list, for messages.
    var namesForPeople: String {
        let all = dnsNames + ipAddresses + uriNames.map { Self.printable($0) }
        guard !all.isEmpty else { return "no name at all" }
        return all.count > 8 ? all.prefix(8).joined(separator: ", ") + ", …" : all.joined(separator: ", ")
    }

    /// `bytes` with everything but printable ASCII written as `\xNN`.
    static func printable(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes.prefix(512) {
            if (0x20...0x7E).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return bytes.count > 512 ? text + "…" : text
    }
}
