/// Which proxy serves which URL.
///
/// Owns the proxies that were configured or found in an environment, and the list of targets that need none.
package struct ProxyRules: Sendable, Hashable {
    /// One word in size: every client has one.
    private indirect enum Choice: Sendable, Hashable {
        case none
        /// `bypass` is nil where even loopback is asked for through the proxy: a `proxy_url` alone.
        case proxies(plain: Proxy?, secure: Proxy?, bypass: ProxyBypass?)
    }

    private let choice: Choice

    /// No proxy at all.
    package init() {
        choice = .none
    }

    /// One proxy for everything but what `noProxy` lists (as Prometheus' `proxy_url` and `no_proxy`). Errors are
    /// `.invalidRequest` and repeat nothing of the URL.
    package init(url: String, noProxy: String = "", connectHeaders: [ProxyHeader] = []) throws(HTTPClientError) {
        let proxy = try Proxy(parsing: url, connectHeaders: connectHeaders)
        choice = .proxies(plain: proxy, secure: proxy, bypass: noProxy.isEmpty ? nil : ProxyBypass(noProxy))
    }

    /// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of `environment` say, or the same in lower case where those are
    /// missing or empty. Errors are `.invalidRequest` and name the variable.
    package init(environment: [String: String], connectHeaders: [ProxyHeader] = []) throws(HTTPClientError) {
        let plain = try Self.proxy("HTTP_PROXY", environment, connectHeaders)
        let secure = try Self.proxy("HTTPS_PROXY", environment, connectHeaders)
        let bypass = ProxyBypass(Self.value("NO_PROXY", environment)?.value ?? "")
        choice = plain == nil && secure == nil ? .none : .proxies(plain: plain, secure: secure, bypass: bypass)
    }

    /// Who is asked for `url`; nil when it is its own server.
    package func proxy(for url: HTTPURL) -> Proxy? {
        guard case .proxies(let plain, let secure, let bypass) = choice,
            let proxy = url.scheme == .http ? plain : secure
        else { return nil }
        if let bypass, bypass.covers(url) { return nil }
        return proxy
    }

    private static func value(_ name: String, _ environment: [String: String]) -> (name: String, value: String)? {
        for name in [name, name.lowercased()] {
            if let value = environment[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }

    private static func proxy(
        _ name: String, _ environment: [String: String], _ headers: [ProxyHeader]
    ) throws(HTTPClientError) -> Proxy? {
        guard let (name, value) = value(name, environment) else { return nil }
        do {
            // A host and a port alone are what many people write.
            let url = value.utf8.firstRange(of: "://".utf8) == nil ? "http://" + value : value
            return try Proxy(parsing: url, connectHeaders: headers)
        } catch {
            throw HTTPClientError(error.code, "the environment's \(name): \(error.message)")
        }
    }
}
