/// The keys Prometheus knows that this version does not support, and those that stand in the wrong place: what to
/// tell the person who wrote one. None is ever ignored.
enum UnsupportedKeys {
    static func sentence(_ key: String) -> String { "\(key) is not supported by this version of Culvert" }

    private static let server = [
        "alerting", "rule_files", "remote_write", "remote_read", "storage", "tracing", "otlp", "runtime",
        "scrape_config_files",
    ]

    private static let limits = [
        "sample_limit", "label_limit", "label_name_length_limit", "label_value_length_limit", "target_limit",
        "keep_dropped_targets", "native_histogram_bucket_limit", "native_histogram_min_bucket_factor",
    ]

    private static let formats = [
        "scrape_protocols", "fallback_scrape_protocol", "scrape_native_histograms", "always_scrape_classic_histograms",
        "scrape_classic_histograms", "convert_classic_histograms_to_nhcb", "metric_name_validation_scheme",
        "metric_name_escaping_scheme", "scrape_failure_log_file", "extra_scrape_metrics",
    ]

    private static let client = [
        "basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2", "enable_http2", "proxy_url",
        "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers",
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
        return limits.contains(key) || formats.contains(key) ? sentence(key) : nil
    }

    static func job(_ key: String) -> String? {
        let others = ["relabel_configs", "metric_relabel_configs", "honor_timestamps", "track_timestamps_staleness"]
        let isKnown = limits.contains(key) || formats.contains(key) || client.contains(key) || others.contains(key)
        return isKnown || (key.hasSuffix("_sd_configs") && key.utf8.count <= 40) ? sentence(key) : nil
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
