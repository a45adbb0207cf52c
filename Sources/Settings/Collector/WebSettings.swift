/// Where readers connect and what they are offered.
package struct WebSettings: Sendable, Hashable {
    /// Whether bodies are compressed for readers that ask for it.
    package enum Compression: String, Sendable, Hashable {
        /// Off on loopback, on otherwise.
        case auto
        case off
        case on
    }

    /// The address the collector listens on.
    package var listenAddress = HostPort(host: "127.0.0.1", port: 9480)
    /// Under which URL readers reach the collector; `nil`: as they say in their requests.
    package var externalURL: ExternalURL?
    /// The prefix of all routes as it was written, with one slash before it and none after it, empty for the root;
    /// `nil` when it was left out.
    package var routePrefix: String?
    /// Whether `POST /-/reload` works.
    package var enableLifecycle = false
    /// Whether bodies are compressed for readers.
    package var compression = Compression.auto
    /// The certificate of the listener; `nil`: plain HTTP.
    package var tlsConfig: WebTLS?

    /// The defaults.
    package init() {}

    /// The prefix of all routes: the one written down, else the path of the external URL. Empty, or `/` and something.
    package var effectiveRoutePrefix: String { routePrefix ?? externalURL?.path ?? "" }

    static func read(_ reader: MappingReader) -> WebSettings {
        var settings = WebSettings()
        settings.listenAddress = ListenAddress.read(reader) ?? settings.listenAddress
        if let text = reader.string("external_url"), !text.value.isEmpty {
            settings.externalURL = ExternalURL.parse(text.value)
            if settings.externalURL == nil {
                reader.log.add(
                    .invalidValue, at: text.position,
                    "external_url: expected a URL such as https://culvert.example.com/prefix, without user, "
                        + "query and fragment"
                )
            }
        }
        if let prefix = reader.string("route_prefix") {
            settings.routePrefix = RoutePrefix.normalized(prefix.value)
            if !prefix.value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"?#%\"\\{}".utf8.contains($0) }) {
                reader.reject(
                    "route_prefix", at: prefix.position, expected: "a path such as /culvert",
                    found: Quotation.quote(prefix.value))
            }
        }
        settings.enableLifecycle = reader.bool("enable_lifecycle")?.value ?? false
        if let text = reader.string("compression", expected: "auto, off or on") {
            settings.compression = Compression(rawValue: text.value) ?? .auto
            if Compression(rawValue: text.value) == nil {
                reader.reject(
                    "compression", at: text.position, expected: "auto, off or on", found: Quotation.quote(text.value))
            }
        }
        let tls = reader.mapping("tls_config").map { WebTLS.read($0, advice: UnsupportedKeys.webTLS) }
        let file = reader.string("config_file", expected: "the path of a file such as web.yml")
        if let file, !file.value.isEmpty {
            settings.tlsConfig = WebConfigFile.tls(file, log: reader.log)
            if tls != nil {
                reader.log.add(.conflict, at: file.key, "config_file: tls_config is given too: expected one of the two")
            }
        } else {
            settings.tlsConfig = tls
        }
        reader.finish()
        return settings
    }
}
