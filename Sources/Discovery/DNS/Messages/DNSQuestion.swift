/// What a server is asked: records of one type, of the Internet class.
struct DNSQuestion: Sendable, Hashable {
    var name: DNSName
    /// One of `DNSType`.
    var type: UInt16

    /// Whether it asks for the same, names without regard to case.
    func isSame(as other: DNSQuestion) -> Bool { type == other.type && name.isSame(as: other.name) }
}
