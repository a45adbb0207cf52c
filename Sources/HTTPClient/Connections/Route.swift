/// The way from here to where a URL is served.
///
/// Owns the choice: to the target itself, to a proxy that is told the whole URL (http), or through a proxy that connects
/// us (https). One word in size: there are as many as there are targets.
indirect enum Route: Sendable, Hashable {
    case direct
    /// The proxy asks the target for us.
    case forwarding(Proxy)
    /// The proxy passes bytes on, after CONNECT.
    case tunnel(Proxy)

    init(to url: HTTPURL, rules: ProxyRules) {
        switch (rules.proxy(for: url), url.scheme) {
        case (nil, _): self = .direct
        case (let proxy?, .http): self = .forwarding(proxy)
        case (let proxy?, .https): self = .tunnel(proxy)
        }
    }

    var proxy: Proxy? {
        switch self {
        case .direct: nil
        case .forwarding(let proxy), .tunnel(let proxy): proxy
        }
    }

    var isForwarding: Bool {
        if case .forwarding = self { true } else { false }
    }

    /// Whether a handshake stands between the connection and the first answer on it.
    func beginsWithHandshake(for url: HTTPURL) -> Bool {
        isForwarding ? proxy?.scheme == .https : url.scheme == .https
    }
}
