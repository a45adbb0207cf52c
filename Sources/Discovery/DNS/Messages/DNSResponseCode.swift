/// How a server says that a question went: 12 bits with EDNS, else 4.
struct DNSResponseCode: RawRepresentable, Sendable, Hashable {
    var rawValue: UInt16

    static let success = DNSResponseCode(rawValue: 0)
    static let malformed = DNSResponseCode(rawValue: 1)
    static let serverFailure = DNSResponseCode(rawValue: 2)
    static let noSuchName = DNSResponseCode(rawValue: 3)
    static let notImplemented = DNSResponseCode(rawValue: 4)
    static let refused = DNSResponseCode(rawValue: 5)
    static let badVersion = DNSResponseCode(rawValue: 16)
}

extension DNSResponseCode: CustomStringConvertible {
    var description: String {
        switch self {
        case .success: "NOERROR"
        case .malformed: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .noSuchName: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        case .badVersion: "BADVERS"
        default: "with code \(rawValue)"
        }
    }
}
