import NIOHTTP1

/// The headers that decide how a target's page is answered.
struct TargetRequestHeaders {
    var userAgent: String?
    var scrapeTimeout: String?
    var accept: [String] = []
    var acceptEncoding: [String] = []
}

extension TargetRequestHeaders {
    /// The headers as a plain scrape sends them.
    ///
    /// - Parameter closes: set when the connection is to be closed behind the answer.
    /// - Returns: nil when there is anything the router has to see: a body, an expectation, an upgrade, a header twice.
    init?(_ headers: HTTPHeaders, closes: inout Bool) {
        var hasConnection = false
        for (name, value) in headers {
            switch Name(name) {
            case .other: break
            case .accept: accept.append(value)
            case .acceptEncoding: acceptEncoding.append(value)
            case .userAgent:
                guard userAgent == nil, Self.isTrimmed(value) else { return nil }
                userAgent = value
            case .scrapeTimeout:
                guard scrapeTimeout == nil, Self.isTrimmed(value) else { return nil }
                scrapeTimeout = value
            case .connection:
                guard !hasConnection, value == "close" || value == "keep-alive" else { return nil }
                hasConnection = true
                closes = value == "close"
            case .special: return nil
            }
        }
    }

    /// The router sees values without blanks around them.
    private static func isTrimmed(_ value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        return first > 0x20 && last > 0x20
    }

    /// The names that matter; their lengths tell nearly all others apart.
    private enum Name {
        case accept, acceptEncoding, userAgent, scrapeTimeout, connection, special, other

        init(_ name: String) {
            switch name.utf8.count {
            case 6 where Self.equal(name, "accept"): self = .accept
            case 6 where Self.equal(name, "expect"), 7 where Self.equal(name, "upgrade"): self = .special
            case 10 where Self.equal(name, "user-agent"): self = .userAgent
            case 10 where Self.equal(name, "connection"): self = .connection
            case 14 where Self.equal(name, "content-length"): self = .special
            case 15 where Self.equal(name, "accept-encoding"): self = .acceptEncoding
            case 17 where Self.equal(name, "transfer-encoding"): self = .special
            case 35 where Self.equal(name, "x-prometheus-scrape-timeout-seconds"): self = .scrapeTimeout
            default: self = .other
            }
        }

        private static func equal(_ name: String, _ lowercase: String) -> Bool {
            name.utf8.elementsEqual(lowercase.utf8) { $0 | 0x20 == $1 }
        }
    }
}
