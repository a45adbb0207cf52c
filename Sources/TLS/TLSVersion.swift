import COpenSSL

/// A version of the TLS protocol that Culvert speaks.
package enum TLSVersion: Sendable, Hashable {
    case tls12
    case tls13

    /// The number of the version on the wire and in OpenSSL's calls.
    var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }

    /// The name people use: `1.2`.
    var name: String {
        switch self {
        case .tls12: "1.2"
        case .tls13: "1.3"
        }
    }
}
