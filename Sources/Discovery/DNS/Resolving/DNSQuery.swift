import NIOCore

/// One question to one server.
struct DNSQuery: Sendable, Hashable {
    enum Transport: Sendable, Hashable {
        case udp
        case tcp
    }

    var server: NameServer
    var transport: Transport
    /// What is sent, without TCP's length.
    var message: [UInt8]
    /// When it is given up.
    var until: NIODeadline
}
