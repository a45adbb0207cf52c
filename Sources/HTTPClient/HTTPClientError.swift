/// Why a request brought no usable body.
///
/// Owns a closed code and one sentence fit for a status line: printable ASCII, at most 128 bytes, never a credential,
/// a path or a query.
package struct HTTPClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failures.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// The URL or a header cannot be put into a request; nothing was sent.
        case invalidRequest
        /// The name could not be resolved.
        case resolutionFailed
        /// No TCP connection: refused, unreachable, or an address that must not be dialled.
        case connectionFailed
        /// The TLS handshake or certificate verification failed.
        case tlsFailed
        /// The deadline passed.
        case timedOut
        /// A status other than 200, see `status`.
        case unexpectedStatus
        /// The answer was not valid HTTP.
        case malformedResponse
        /// The body reached the limit.
        case bodyTooLarge
        /// The connection ended before the answer was whole.
        case connectionLost
        /// The body did not decompress.
        case badEncoding
        /// A redirect that cannot or must not be followed.
        case redirectRefused
        /// No memory for one more body in flight, or a request while another one is under way.
        case overloaded
    }

    /// Which of the closed set of reasons it is.
    package var code: Code
    /// One sentence; printable ASCII, at most 128 bytes.
    package var message: String
    /// The status of the answer; 0 where there was none.
    package var status: Int

    /// Makes an error; whatever is not printable ASCII in `message` becomes `?`, and it is cut at 128 bytes.
    package init(_ code: Code, _ message: String, status: Int = 0) {
        self.code = code
        self.message = Self.printable(message)
        self.status = status
    }

    /// The sentence.
    package var description: String { message }

    /// The longest message, bytes.
    package static let messageLimit = 128

    private static func printable(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(messageLimit)
        for byte in text.utf8.prefix(messageLimit) {
            bytes.append((0x20...0x7e).contains(byte) ? byte : UInt8(ascii: "?"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
