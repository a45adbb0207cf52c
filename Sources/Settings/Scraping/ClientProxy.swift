import Yams

/// Through which proxy the requests of a client go.
package struct ClientProxy: Sendable, Hashable {
    /// Where the proxy is named.
    package enum Source: Sendable, Hashable {
        /// In `proxy_url`: a checked http or https URL, perhaps with user and password; `noProxy` lists what needs no
        /// proxy, as `NO_PROXY` would.
        case url(Secret, noProxy: String)
        /// In `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
        case environment
    }

    /// A header that goes along with CONNECT.
    package struct Header: Sendable, Hashable {
        package var name: String
        /// Each becomes a header line of its own.
        package var values: [Secret]
    }

    /// Where the proxy is named.
    package var source: Source
    /// What is told to the proxy, and to nobody else.
    package var connectHeaders: [Header]

    /// A choice of proxy from all its parts.
    package init(source: Source, connectHeaders: [Header] = []) {
        self.source = source
        self.connectHeaders = connectHeaders
    }

    /// What of `proxy_url`, `no_proxy`, `proxy_from_environment` and `proxy_connect_header` is there; `nil` without a
    /// proxy. No message repeats the URL or a header's value, because a password may stand in it.
    static func read(_ reader: MappingReader) -> ClientProxy? {
        let url = reader.string("proxy_url").flatMap { $0.value.isEmpty ? nil : $0 }
        let noProxy = reader.string("no_proxy").flatMap { $0.value.isEmpty ? nil : $0 }
        let fromEnvironment = reader.bool("proxy_from_environment")?.value ?? false
        let headers = Self.headers(reader)
        if fromEnvironment {
            for other in [url, noProxy].compactMap({ $0 }) {
                let key = other.key == url?.key ? "proxy_url" : "no_proxy"
                reader.log.add(
                    .conflict, at: other.key, "\(key): proxy_from_environment is given too: expected one of the two")
            }
            return ClientProxy(source: .environment, connectHeaders: headers)
        }
        guard let url else {
            if let noProxy { reader.log.add(.conflict, at: noProxy.key, "no_proxy: expected a proxy_url beside it") }
            if !headers.isEmpty, let place = reader.position(of: "proxy_connect_header") {
                reader.log.add(
                    .conflict, at: place,
                    "proxy_connect_header: expected proxy_url or proxy_from_environment beside it")
            }
            return nil
        }
        if let problem = ProxyURLSyntax.problem(in: url.value) {
            reader.log.add(problem.code, at: url.position, "proxy_url: \(problem.message)")
        }
        return ClientProxy(
            source: .url(Secret(url.value), noProxy: noProxy?.value ?? ""), connectHeaders: headers)
    }

    /// Headers that would change how the request is cut out of the connection.
    private static let framing: Set<String> = ["host", "content-length", "transfer-encoding"]

    private static func headers(_ reader: MappingReader) -> [Header] {
        guard let section = reader.mapping("proxy_connect_header") else { return [] }
        return section.keys.compactMap { name, place in
            if !HeaderSyntax.isToken(name) {
                section.log.add(
                    .invalidValue, at: place, "proxy_connect_header: \(Quotation.quote(name)) is no header's name")
            } else if framing.contains(name.lowercased()) {
                section.log.add(
                    .invalidValue, at: place, "proxy_connect_header: \(name) cannot be set here, Culvert sets it itself"
                )
            }
            guard let list = section.list(name, of: "texts") else { return nil }
            let values = list.value.compactMap { node -> Secret? in
                let place = node.position ?? list.position
                guard let text = node.scalar?.string else {
                    section.log.add(.wrongType, at: place, "\(name): expected a list of texts, found \(node.kind)")
                    return nil
                }
                if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                    section.log.add(.invalidValue, at: place, "\(name): expected texts without control characters")
                }
                return Secret(text)
            }
            return Header(name: name, values: values)
        }
    }
}

extension ClientProxy: CustomStringConvertible {
    /// Where the proxy is, without its credentials.
    package var description: String {
        switch source {
        case .environment: "the environment's proxy"
        case .url(let url, _): ProxyURLSyntax.withoutCredentials(url.value)
        }
    }
}
