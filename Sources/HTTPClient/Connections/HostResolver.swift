import Glibc
package import NIOCore
import NIOPosix

/// Turns host names into addresses.
///
/// Owns the threads on which the system's resolver blocks, so that a dead name server stalls no event loop and no
/// other file work. Address literals need no thread.
package struct HostResolver: Sendable {
    /// Looks up `host`; fails with `HTTPClientError`, or after `deadline` at the latest when still queued.
    package typealias Lookup =
        @Sendable (_ host: String, _ port: Int, _ deadline: NIODeadline, _ eventLoop: any EventLoop)
        -> EventLoopFuture<[SocketAddress]>

    /// The look-up itself.
    package let lookup: Lookup

    /// A resolver of one's own, for tests.
    package init(lookup: @escaping Lookup) {
        self.lookup = lookup
    }

    /// The system's resolver: hosts file, name servers, whatever nsswitch says.
    package static let system = HostResolver { host, port, deadline, eventLoop in
        if let address = try? SocketAddress(ipAddress: host, port: port) {
            return eventLoop.makeSucceededFuture([address])
        }
        return threads.runIfActive(eventLoop: eventLoop) {
            // The one who asked may have given up while this waited for a thread.
            guard NIODeadline.now() < deadline else { throw HTTPClientError(.timedOut, "timed out resolving \(host)") }
            return try addresses(of: host, port: port)
        }
    }

    /// Whether `host` is an address as it stands, in the one spelling everybody agrees on.
    static func isLiteral(_ host: String) -> Bool {
        host.contains(":") || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    /// More answers than this are not tried.
    private static let addressLimit = 16

    private static func addresses(of host: String, port: Int) throws(HTTPClientError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            let reason =
                unsafe status == EAI_SYSTEM ? String(cString: strerror(errno)) : String(cString: gai_strerror(status))
            throw HTTPClientError(.resolutionFailed, "cannot resolve \(host): \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next, found.count < addressLimit {
            unsafe next = entry.pointee.ai_next
            guard let raw = unsafe entry.pointee.ai_addr else { continue }
            var address: SocketAddress?
            switch unsafe entry.pointee.ai_family {
            case AF_INET:
                address = unsafe SocketAddress(UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in.self), host: host)
            case AF_INET6:
                address = unsafe SocketAddress(UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in6.self), host: host)
            default: break
            }
            address?.port = port
            if let address, !found.contains(address) { found.append(address) }
        }
        guard !found.isEmpty else { throw HTTPClientError(.resolutionFailed, "no address for \(host)") }
        return found
    }
}
