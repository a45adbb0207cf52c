import TLS

extension TLSError {
    /// A short closed word for metrics and log lines.
    var reason: String {
        switch code {
        case .alert(let number): "tls_alert_\(number)"
        case .noClientCertificate: "no_client_certificate"
        case .unknownAuthority: "unknown_authority"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .wrongPurpose: "wrong_purpose"
        case .noApplicationProtocol: "no_alpn"
        case .protocolVersion: "tls_version"
        case .notTLS: "not_tls"
        case .identity: "identity"
        case .nameMismatch: "name_mismatch"
        case .uncleanShutdown, .closed: "closed"
        default: "tls"
        }
    }
}
