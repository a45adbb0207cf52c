import COpenSSL
import Glibc

/// Whom a client expects at the other end: a DNS name, an address, or anybody.
enum ServerName {
    case name(String)
    case address(String)
    case anybody

    /// Sorts out what `text` is; `required` makes the lack of it an error.
    init(_ text: String?, required: Bool) throws(TLSError) {
        guard let text, !text.isEmpty else {
            guard !required else {
                throw TLSError(
                    .configuration, "a TLS client needs the name or address of the server to verify its certificate",
                    cure: "name it as server_name")
            }
            self = .anybody
            return
        }
        if Self.isAddress(text) {
            self = .address(text)
            return
        }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        // Dots at the start mean "any subdomain" to OpenSSL; NUL and blanks end or split what it compares.
        let allowed = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        guard (1...253).contains(name.utf8.count), allowed, !name.hasPrefix(".") else {
            throw TLSError(
                .configuration, "is not a host name or address, expected 1 to 253 printable ASCII characters",
                culprit: PeerCertificate.printable(Array(text.utf8)))
        }
        self = .name(name)
    }

    /// Tells a fresh client session whom to ask for (SNI, names only) and whom to accept.
    func apply(to ssl: OpaquePointer) throws(TLSError) {
        unsafe SSL_set_hostflags(
            ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS) | UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        let accepted: Bool
        switch self {
        case .anybody: accepted = true
        case .name(let name):
            accepted = unsafe SSL_set1_host(ssl, name) == 1 && culvert_set_server_name_indication(ssl, name) == 1
        case .address(let address):
            accepted = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address) == 1
        }
        guard accepted else {
            let reason = OpenSSLReason(culvert_take_error()).text
            throw TLSError(.internalError, "OpenSSL does not accept the server's name (\(reason))", culprit: "\(self)")
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return unsafe inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
