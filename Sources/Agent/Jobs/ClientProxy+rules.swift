import HTTPClient
import Settings

extension ClientProxy {
    /// - Parameter environment: the process', for `proxy_from_environment`.
    /// - Throws: `HTTPClientError` for a URL in the environment that is none.
    func rules(_ environment: [String: String]) throws(HTTPClientError) -> ProxyRules {
        var headers: [ProxyHeader] = []
        for header in connectHeaders {
            for value in header.values { headers.append(try ProxyHeader(name: header.name, value: value.value)) }
        }
        switch source {
        case .environment: return try ProxyRules(environment: environment, connectHeaders: headers)
        case .url(let url, let noProxy):
            return try ProxyRules(url: url.value, noProxy: noProxy, connectHeaders: headers)
        }
    }
}

extension AgentPolicy {
    /// Which addresses may be dialled.
    ///
    /// - Throws: `HTTPClientError` for a block that is none.
    func addresses() throws(HTTPClientError) -> AddressPolicy {
        guard let allow else { return AddressPolicy() }
        var rules: [AddressRule] = []
        for one in allow {
            let schemes = one.schemes.compactMap { HTTPURL.Scheme(rawValue: $0) }
            rules.append(try AddressRule(cidr: one.cidr, ports: one.ports, schemes: Set(schemes)))
        }
        return AddressPolicy(allowed: rules)
    }
}
