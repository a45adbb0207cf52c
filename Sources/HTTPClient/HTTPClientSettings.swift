/// What all clients of a process have in common.
///
/// Owns the resolver, the address policy, the choice of proxies and the limits on what a target may send before its body.
package struct HTTPClientSettings: Sendable {
    /// Who turns names into addresses.
    package var resolver: HostResolver
    /// Which of them may be dialled.
    package var policy: AddressPolicy
    /// Who is asked in a target's place.
    package var proxy: ProxyRules

    /// The system's resolver, the standing policy and no proxy, unless told otherwise.
    package init(
        resolver: HostResolver = .system, policy: AddressPolicy = AddressPolicy(), proxy: ProxyRules = ProxyRules()
    ) {
        self.resolver = resolver
        self.policy = policy
        self.proxy = proxy
    }

    /// Bytes of all header fields of one answer.
    package static let headerLimit = 64 * 1024
    /// Header fields of one answer, trailers included.
    package static let headerFieldLimit = 100
    /// Redirects followed for one request.
    package static let redirectLimit = 10
    /// The body limit where none is configured, bytes.
    package static let defaultBodyLimit = 16 * 1024 * 1024
}
