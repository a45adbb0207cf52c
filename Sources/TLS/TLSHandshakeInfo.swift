/// What a finished handshake agreed on: the peer's certificate and the parameters of the connection.
///
/// ``TLSHandler`` fires it as an inbound user event, once, before the first plaintext. A client of TLS 1.3 sees it
/// before the server has judged the client's certificate: a refusal surfaces at the first read.
package struct TLSHandshakeInfo: Sendable {
    /// The peer's leaf certificate; verified, unless the context was told to skip that. Nil if none was asked for.
    package var peer: PeerCertificate?
    /// The version agreed on, as OpenSSL writes it: `TLSv1.3`.
    package var version: String
    /// The cipher suite agreed on: `TLS_AES_256_GCM_SHA384`.
    package var cipher: String
    /// The key-exchange group agreed on: `x25519`; empty when the version has none.
    package var group: String
    /// The application protocol agreed on (ALPN), if any was offered.
    package var applicationProtocol: String?
}
