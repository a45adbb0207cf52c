import COpenSSL
import Glibc

/// Why we did not accept the peer's certificate: OpenSSL's reason with the certificates it was about.
struct CertificateRefusal {
    private let reason: Int32
    private let depth: Int32
    /// The peer's own certificate.
    let leaf: PeerCertificate?
    /// The certificate of the chain the reason is about.
    private let culprit: PeerCertificate?

    /// Copies what `verdict` remembers.
    init(_ verdict: culvert_verdict) {
        reason = unsafe verdict.error
        depth = unsafe verdict.depth
        leaf = unsafe verdict.leaf.map { unsafe PeerCertificate($0) }
        culprit = unsafe verdict.culprit.map { unsafe PeerCertificate($0) }
    }

    /// The refusal as an error, in the words of a client that dialled `serverName` or of a server.
    func error(role: TLSContextConfiguration.Role, serverName: String?) -> TLSError {
        let whose = role == .client ? "the server's certificate" : "the client's certificate"
        let about = culprit ?? leaf
        var error: TLSError
        switch reason {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_CERT_UNTRUSTED,
            X509_V_ERR_CERT_REJECTED, X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA:
            error = unknownAuthority(whose, about, role: role)
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let dialled = serverName ?? "the host dialled"
            error = TLSError(
                .nameMismatch,
                "\(whose) does not name \(dialled), it names \(leaf?.namesForPeople ?? "no name at all")",
                cure: "dial one of these names, set server_name to one, or issue the certificate for \(dialled)")
        case X509_V_ERR_CERT_HAS_EXPIRED:
            error = outOfTime(whose, about, expired: true)
        case X509_V_ERR_CERT_NOT_YET_VALID:
            error = outOfTime(whose, about, expired: false)
        case X509_V_ERR_INVALID_PURPOSE:
            let needed = role == .client ? "serverAuth" : "clientAuth"
            error = TLSError(
                .wrongPurpose, "\(whose) (\(about?.subject ?? "?")) is not made for a TLS \(peerRole(role))",
                cure: "issue one with the extended key usage \(needed)")
        default:
            let words = unsafe X509_verify_cert_error_string(Int(reason)).map { unsafe String(cString: $0) }
            error = TLSError(
                .handshakeFailed,
                "\(whose) was not accepted: \(words ?? "reason \(reason)") (\(about?.subject ?? "?"))")
        }
        error.culprit = serverName ?? leaf?.subject
        return error
    }

    private func peerRole(_ role: TLSContextConfiguration.Role) -> String {
        role == .client ? "server" : "client"
    }

    private func unknownAuthority(
        _ whose: String, _ about: PeerCertificate?, role: TLSContextConfiguration.Role
    ) -> TLSError {
        let seen = about.map { $0.issuer.isEmpty ? "an unnamed authority" : "“\($0.issuer)”" } ?? "an unknown authority"
        let selfSigned = about.map { $0.issuer == $0.subject } ?? false
        return TLSError(
            .unknownAuthority,
            "\(whose) was issued by \(seen)\(selfSigned ? " (self-signed)" : ""), which is not among the trusted authorities",
            cure: role == .client
                ? "put that authority's certificate into ca_file if it is yours; an unexpected name is the mark of a "
                    + "proxy that intercepts TLS, which must let this connection pass"
                : "issue the client's certificate with an authority in client_ca_file, or add its authority there")
    }

    private func outOfTime(_ whose: String, _ about: PeerCertificate?, expired: Bool) -> TLSError {
        let which = depth == 0 ? whose : "an authority behind \(whose) (\(about?.subject ?? "?"))"
        let bound = about.map { UTCTime.text(expired ? $0.notAfter : $0.notBefore) } ?? "an unknown time"
        let now = UTCTime.text(Int64(time(nil)))
        return TLSError(
            expired ? .expired : .notYetValid,
            "\(which) \(expired ? "expired at" : "is valid only from") \(bound); the clock here says \(now)",
            cure: expired
                ? "renew the certificate, or set the clock if it is wrong" : "set whichever of the two clocks is wrong")
    }
}
