import COpenSSL
import Glibc

/// An alert the peer sent, explained: some of them say something else than what is wrong.
///
/// With TLS 1.3 a client hears the verdict on its own certificate only at its first read, after a finished handshake.
struct PeerAlert {
    let number: UInt8
    let ownRole: TLSContextConfiguration.Role
    let isEstablished: Bool

    /// The alert as an error, with the dates of our own certificate where they matter.
    func error(ownCertificate: PeerCertificate?) -> TLSError {
        let (sentence, cure) = explanation(ownCertificate)
        return TLSError(.alert(number), "the \(peer) \(sentence) (TLS alert \(number), \(name))", cure: cure)
    }

    private var peer: String { ownRole == .client ? "server" : "client" }

    private var name: String {
        unsafe String(cString: SSL_alert_desc_string_long(Int32(number)))
    }

    private var trustFile: String { ownRole == .client ? "client_ca_file" : "ca_file" }

    private func explanation(_ own: PeerCertificate?) -> (sentence: String, cure: String?) {
        let life = own.map {
            "\($0.subject) is valid from \(UTCTime.text($0.notBefore)) to \(UTCTime.text($0.notAfter)), the clock here "
                + "says \(UTCTime.text(Int64(time(nil))))"
        }
        switch Int32(number) {
        case SSL_AD_BAD_CERTIFICATE where ownRole == .server:
            return (
                "did not accept our certificate, most likely because it does not name the host the client dialled",
                "issue the certificate for the name the clients dial, or set their server_name"
            )
        case SSL_AD_BAD_CERTIFICATE:
            return (
                "did not accept our certificate, most likely because it is not yet valid by the server's clock",
                "compare the clocks\(life.map { ": \($0)" } ?? "")"
            )
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
            let usage = ownRole == .client ? "clientAuth" : "serverAuth"
            return (
                "does not accept the purpose of our certificate",
                "issue one with the extended key usage \(usage); a certificate made for the other role does not do"
            )
        case SSL_AD_CERTIFICATE_REVOKED:
            return ("says that our certificate was revoked", "issue a new certificate with a new key")
        case SSL_AD_CERTIFICATE_EXPIRED:
            return (
                "says that our certificate has expired",
                "renew it\(life.map { ": \($0)" } ?? ""); if it is still valid, the peer's clock or its revocation list is out of date"
            )
        case SSL_AD_CERTIFICATE_UNKNOWN:
            return ("did not accept our certificate for a reason it does not give", "read the log of the \(peer)")
        case SSL_AD_UNKNOWN_CA:
            return (
                "does not trust the authority that issued our certificate\(own.map { " (“\($0.issuer)”)" } ?? "")",
                "put that authority into the \(peer)'s \(trustFile), or use a certificate of an authority it trusts"
            )
        case SSL_AD_UNRECOGNIZED_NAME:
            return ("does not know the host name that was asked for", "set server_name to a name the server answers to")
        case TLS13_AD_CERTIFICATE_REQUIRED:
            return ("requires a client certificate and we sent none", "set cert_file and key_file")
        case SSL_AD_HANDSHAKE_FAILURE where !isEstablished && own == nil && ownRole == .client:
            return (
                "found no agreement: no common cipher, or it requires a client certificate and we have none",
                "set cert_file and key_file if the server asks for certificates, else compare the TLS settings"
            )
        case SSL_AD_HANDSHAKE_FAILURE, SSL_AD_INSUFFICIENT_SECURITY:
            return (
                "found no agreement on ciphers, groups or signature algorithms",
                "compare the OpenSSL policies of both hosts and the key types of both certificates"
            )
        case SSL_AD_NO_APPLICATION_PROTOCOL:
            return (
                "speaks none of the application protocols we offered",
                "check that the port is the right one and that both ends are of compatible releases"
            )
        case SSL_AD_PROTOCOL_VERSION:
            return ("accepts no TLS version that we speak", "let both ends speak a common version")
        case SSL_AD_DECRYPT_ERROR:
            return (
                "could not verify our signature or decrypt what we sent",
                "check that key and certificate belong together and that nothing on the way changes the stream"
            )
        case SSL_AD_INTERNAL_ERROR:
            return ("failed on its own side", "read the log of the \(peer)")
        case SSL_AD_USER_CANCELLED:
            return ("gave the handshake up", nil)
        default:
            return ("ended the conversation", "read the log of the \(peer)")
        }
    }
}
