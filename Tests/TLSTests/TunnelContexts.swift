import TestSupport
import Testing

@testable import TLS

/// Contexts as the tunnel makes them, with room for what is wrong.
struct TunnelContexts {
    let certificates: TestCertificates

    /// The set shared by all tests.
    init() throws {
        certificates = try #require(TestCertificates.shared)
    }

    func client(
        _ pair: TestCertificates.Pair? = nil, anonymous: Bool = false, authority: String? = nil,
        minimum: TLSVersion = .tls13, maximum: TLSVersion? = nil, protocols: [String] = ["culvert/1"]
    ) throws -> TLSContext {
        let own = anonymous ? nil : pair ?? certificates.agent()
        return try TLSContext(
            TLSContextConfiguration(
                role: .client, minimumVersion: minimum, maximumVersion: maximum, certificateFile: own?.certificate,
                keyFile: own?.key, certificateAuthorityFile: authority ?? certificates.authority,
                applicationProtocols: protocols))
    }

    func server(
        _ pair: TestCertificates.Pair? = nil, authority: String? = nil, minimum: TLSVersion = .tls13,
        maximum: TLSVersion? = nil, requiresPeerCertificate: Bool = true, protocols: [String] = ["culvert/1"]
    ) throws -> TLSContext {
        let own = pair ?? certificates.collector
        return try TLSContext(
            TLSContextConfiguration(
                role: .server, minimumVersion: minimum, maximumVersion: maximum, certificateFile: own.certificate,
                keyFile: own.key, certificateAuthorityFile: authority ?? certificates.authority,
                requiresPeerCertificate: requiresPeerCertificate, applicationProtocols: protocols))
    }
}
