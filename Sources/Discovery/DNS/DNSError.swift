/// What went wrong while a name was looked up: which kind it is, and a sentence that names the culprit.
struct DNSError: Error, Sendable, Hashable {
    /// The kinds.
    enum Code: Sendable, Hashable {
        /// A message that breaks the rules of DNS, or our limits.
        case malformedMessage
        /// A text that is no domain name.
        case invalidName
        /// resolv.conf is missing or unreadable, or an address in it cannot be used.
        case unusableConfiguration
        /// No server could say what the records of a name are, or that there are none.
        case noAnswer
    }

    var code: Code
    var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
