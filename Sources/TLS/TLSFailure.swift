import COpenSSL

/// Turns what OpenSSL reports about a failed operation into an error that names the true reason and the cure.
struct TLSFailure {
    let context: TLSContext
    let serverName: String?
    let isEstablished: Bool
    let refusal: CertificateRefusal?
    let opening: TLSOpening

    private var role: TLSContextConfiguration.Role { context.configuration.role }

    /// The error behind the ends of OpenSSL's error queue.
    func error(first: OpenSSLReason, last: OpenSSLReason) -> TLSError {
        if !isEstablished, let refusal { return refusal.error(role: role, serverName: serverName) }
        return reason(first: first, last: last).blaming(serverName ?? refusal?.leaf?.subject)
    }

    private func reason(first: OpenSSLReason, last: OpenSSLReason) -> TLSError {
        if !isEstablished, opening.isForeign { return foreign }
        if let alert = first.alert ?? last.alert {
            return PeerAlert(number: alert, ownRole: role, isEstablished: isEstablished)
                .error(ownCertificate: context.ownCertificate)
        }
        switch first.tlsReason ?? last.tlsReason {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TLSError(
                .noClientCertificate, "the client sent no certificate, but one is required",
                cure: "give the client cert_file and key_file")
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: return foreign
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
            SSL_R_UNKNOWN_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE:
            return TLSError(
                .protocolVersion, "the \(peer) offers no TLS version accepted here (\(versions))",
                cure: "let both ends speak a common version")
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return Self.noProtocol(wanted: context.configuration.applicationProtocols, role: role)
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SHARED_GROUPS:
            return TLSError(
                .handshakeFailed, "the two ends have no cipher, group or signature algorithm in common (\(first.text))",
                cure: "compare the OpenSSL policies of both hosts and the key types of both certificates")
        case SSL_R_EXCESSIVE_MESSAGE_SIZE:
            return TLSError(
                .handshakeFailed,
                "the \(peer) sent a message above the limit, most likely a very long certificate chain",
                cure: "send only the leaf and the intermediates above it")
        case SSL_R_WRONG_VERSION_NUMBER where !isEstablished:
            return foreign
        case .some where isEstablished:
            return TLSError(.uncleanShutdown, "the TLS stream was damaged on its way (\(first.text))")
        case .some:
            return TLSError(.handshakeFailed, "the TLS handshake with the \(peer) failed (\(first.text))")
        case nil:
            return TLSError(.internalError, "OpenSSL failed (\(first.text))")
        }
    }

    private var peer: String { role == .client ? "server" : "client" }

    private var versions: String {
        let minimum = context.configuration.minimumVersion
        guard let maximum = context.configuration.maximumVersion else { return "TLS \(minimum.name) or newer" }
        return minimum == maximum ? "TLS \(minimum.name) only" : "TLS \(minimum.name) to \(maximum.name)"
    }

    private var foreign: TLSError {
        if role == .client, opening.isHTTPResponse {
            return TLSError(
                .notTLS, "the server answered in plain HTTP",
                cure:
                    "use the server's TLS port, or plain http for this one; a proxy on the way may have answered instead"
            )
        }
        if role == .server, opening.isHTTPRequest {
            return TLSError(
                .notTLS, "the client sent a plain HTTP request to a TLS port", cure: "use https, or the plain HTTP port"
            )
        }
        return TLSError(
            .notTLS, "the \(peer) does not speak TLS, its first bytes were “\(opening.text)”",
            cure: role == .client ? "check the address and the port" : nil)
    }

    /// The error for two ends that agreed on no application protocol.
    static func noProtocol(wanted: [String], role: TLSContextConfiguration.Role) -> TLSError {
        let list = wanted.joined(separator: ", ")
        let peer = role == .client ? "server" : "client"
        return TLSError(
            .noApplicationProtocol, "the \(peer) agreed to none of the application protocols expected here (\(list))",
            cure: role == .client
                ? "check that the address is that of a listener for \(list) and that no TLS proxy stands in between"
                : nil)
    }
}
