/// Why TLS could not be set up, was refused or ended badly: a closed code, a sentence for people, who or what is to
/// blame, and what to do about it.
///
/// The code says who judged: `.alert` is the verdict of the other end, every other code is our own.
package struct TLSError: Error, Sendable, CustomStringConvertible {
    /// The closed set of reasons, fit for counters.
    package enum Code: Sendable, Hashable {
        /// A file is unreadable, not PEM, readable by others or does not match; or a setting is impossible.
        case configuration
        /// No agreement for a reason that has no code of its own.
        case handshakeFailed
        /// The peer's certificate leads to no authority we trust.
        case unknownAuthority
        /// The peer's certificate does not name the host or address that was dialled.
        case nameMismatch
        /// A certificate of the peer's chain is past its end.
        case expired
        /// A certificate of the peer's chain is before its start: as a rule one of the two clocks is wrong.
        case notYetValid
        /// The peer's certificate is for the other role (client or server) or for something else altogether.
        case wrongPurpose
        /// The client sent no certificate although one is required.
        case noClientCertificate
        /// The two ends agreed on no application protocol (ALPN).
        case noApplicationProtocol
        /// The two ends have no TLS version in common.
        case protocolVersion
        /// The peer does not speak TLS: plain HTTP or garbage.
        case notTLS
        /// The peer ended the conversation with this alert (RFC 8446 §6): its verdict about us.
        case alert(UInt8)
        /// The certificate is valid but carries no usable Culvert identity.
        case identity
        /// The connection ended without TLS' own farewell: the peer vanished, or somebody cut the stream.
        case uncleanShutdown
        /// The connection was closed on our side before the data went out.
        case closed
        /// OpenSSL failed in a way that is no peer's fault.
        case internalError
    }

    /// Which of the closed set of reasons it is.
    package var code: Code
    /// One sentence: what happened, and what was expected.
    package var message: String
    /// The file or the peer to blame, if one is known.
    package var culprit: String?
    /// What to do about it, in one sentence, if that is known.
    package var cure: String?

    /// An error with all its parts.
    package init(_ code: Code, _ message: String, culprit: String? = nil, cure: String? = nil) {
        self.code = code
        self.message = message
        self.culprit = culprit
        self.cure = cure
    }

    /// The whole error on one line: culprit, sentence, cure.
    package var description: String {
        var line = culprit.map { "\($0): " } ?? ""
        line += message
        if let cure { line += "; \(cure)" }
        return line
    }

    /// The same error blamed on `peer`, unless it already names a culprit.
    func blaming(_ peer: String?) -> TLSError {
        var error = self
        if error.culprit == nil { error.culprit = peer }
        return error
    }
}
