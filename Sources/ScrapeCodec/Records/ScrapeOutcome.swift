/// How one scrape attempt ended: success, or what went wrong and where.
///
/// Travels in every scrape record; the collector turns it into a status code and a reason phrase. One that is no success
/// can be thrown.
package struct ScrapeOutcome: Error, Sendable, Hashable {
    /// The kinds of endings. Raw values are part of the record format.
    package enum Code: UInt8, Sendable, CaseIterable {
        case success = 0
        /// The name could not be resolved.
        case resolutionFailed = 1
        /// No TCP connection: refused, unreachable.
        case connectionFailed = 2
        /// The TLS handshake or certificate verification failed.
        case tlsFailed = 3
        /// The deadline passed; covers connecting, headers and the whole body.
        case timedOut = 4
        /// The target answered with a status other than 200, see `status`.
        case unexpectedStatus = 5
        /// The body was larger than the job's limit, or broke another of the job's limits.
        case bodyTooLarge = 6
        /// The answer was not valid HTTP.
        case malformedResponse = 7
        /// The target closed or reset the connection before the answer was whole.
        case connectionLost = 8
        /// The body did not decompress, or has samples that the job's rules leave without a name.
        case badEncoding = 9
        /// A redirect that cannot or must not be followed.
        case redirectRefused = 10
        /// The agent was too busy: no memory for one more body in flight.
        case overloaded = 11
    }

    package var code: Code
    /// HTTP status of the target's answer; 0 where there was none.
    package var status: UInt16
    /// One sentence for people: printable ASCII, at most 128 bytes, never a credential. Empty on success.
    package var message: String

    package init(code: Code, status: UInt16 = 0, message: String = "") {
        self.code = code
        self.status = status
        self.message = message
    }

    package static let success = ScrapeOutcome(code: .success, status: 200)

    package var isSuccess: Bool { code == .success }
}
