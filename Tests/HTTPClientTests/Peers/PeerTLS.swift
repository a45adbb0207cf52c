import TLS
import TestSupport

@testable import HTTPClient

extension TestCertificates {
    /// What a client trusts and shows: our authority, and perhaps a certificate.
    func client(
        as pair: Pair? = nil, trusting authority: String? = nil, minimum: TLSVersion = .tls12,
        maximum: TLSVersion? = nil
    ) throws -> TLSContext {
        try TLSContext(
            TLSContextConfiguration(
                role: .client, minimumVersion: minimum, maximumVersion: maximum, certificateFile: pair?.certificate,
                keyFile: pair?.key, certificateAuthorityFile: authority ?? self.authority))
    }
}

extension HTTPClientResponse {
    /// The body as text.
    var text: String { String(decoding: body.bytes, as: UTF8.self) }
}
