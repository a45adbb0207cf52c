/// The keys Prometheus knows that this version does not support, and those that stand in the wrong place: what to
/// tell the person who wrote one. None is ever ignored.
enum UnsupportedKeys {
    static func sentence(_ key: String) -> String { "\(key) is not supported by this version of Culvert" }

    private static let server = [
        "alerting", "rule_files", "remote_write", "remote_read", "storage", "tracing", "otlp", "runtime",
    ]

    private static let inlineTLS = ["ca", "ca_ref", "cert", "cert_ref", "key", "key_ref", "max_version"]

    static func agent(_ key: String) -> String? {
        if ["tunnel", "web", "agents"].contains(key) {
            return "\(key) belongs to a collector's settings: is this file meant for culvert collector?"
        }
        if key == "external_labels" { return externalLabels }
        if ["scrape_interval", "scrape_timeout", "body_size_limit"].contains(key) {
            return "\(key) belongs under global"
        }
        return server.contains(key) ? sentence(key) : nil
    }

    static func collectorSettings(_ key: String) -> String? {
        if ["collectors", "scrape_configs"].contains(key) {
            return "\(key) belongs to an agent's settings: is this file meant for culvert agent?"
        }
        return server.contains(key) ? sentence(key) : nil
    }

    static func agentGlobal(_ key: String) -> String? {
        if key == "external_labels" { return externalLabels }
        if ["evaluation_interval", "rule_query_offset", "query_log_file"].contains(key) {
            return "\(key) has no meaning for an agent, which evaluates no rules: remove it"
        }
        return nil
    }

    static func job(_ key: String) -> String? {
        if key == "oauth2" { return oauth2 }
        let isDiscovery = key.hasSuffix("_sd_configs") && key.utf8.count <= 40
        if isDiscovery { return sentence(key) + ": use http_sd_configs, file_sd_configs or dns_sd_configs" }
        return nil
    }

    private static let oauth2 =
        sentence("oauth2") + ": let something else fetch the token, and name its file as authorization.credentials_file"

    static func httpSD(_ key: String) -> String? {
        key == "oauth2" ? oauth2 : nil
    }

    static func jobTLS(_ key: String) -> String? { inlineTLS.contains(key) ? sentence(key) : nil }

    static func collector(_ key: String) -> String? {
        if ["ca_file", "cert_file", "key_file", "server_name"].contains(key) {
            return "\(key) belongs under tls_config"
        }
        return ["no_proxy", "proxy_from_environment", "proxy_connect_header"].contains(key) ? sentence(key) : nil
    }

    static func tunnelClientTLS(_ key: String) -> String? {
        switch key {
        case "insecure_skip_verify":
            "insecure_skip_verify cannot be set on the tunnel, where the certificate is the identity: remove it"
        case "min_version", "max_version": "\(key) cannot be set on the tunnel, which is TLS 1.3 always: remove it"
        default: inlineTLS.contains(key) ? sentence(key) : nil
        }
    }

    static func webTLS(_ key: String) -> String? {
        let known = [
            "client_auth_type", "client_ca_file", "client_ca", "client_allowed_sans", "min_version", "cipher_suites",
            "prefer_server_cipher_suites", "curve_preferences",
        ]
        return known.contains(key) || inlineTLS.contains(key) ? sentence(key) : nil
    }

    static func webConfig(_ key: String) -> String? {
        ["http_server_config", "basic_auth_users", "rate_limit"].contains(key) ? sentence(key) : nil
    }

    private static let externalLabels =
        "external_labels belongs to the collector's settings, where series leave Culvert: move it there"
}
