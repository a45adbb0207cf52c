extension ScrapeConfig {
    /// What the job amounts to, for `culvert check`: where its targets come from, and what differs from the defaults.
    func describe() -> [String] {
        let line =
            "job \(Quotation.quote(jobName)): \(sources), every \(PrometheusDuration.text(scrapeInterval)), timeout "
            + PrometheusDuration.text(scrapeTimeout)
        let taken = fields.isEmpty ? [] : ["  with \(fields.joined(separator: ", "))"]
        return [line] + taken
    }

    private var sources: String {
        let count = staticConfigs.reduce(0) { $0 + $1.targets.count }
        var parts: [String] = []
        func add(_ count: Int, _ one: String, _ many: String) {
            if count > 0 { parts.append("\(count) \(count == 1 ? one : many)") }
        }
        let files = fileSDConfigs.reduce(0) { $0 + $1.files.count }
        add(count, "target", "targets")
        add(files, "file of targets", "files of targets")
        add(httpSDConfigs.count, "URL of targets", "URLs of targets")
        let names = dnsSDConfigs.reduce(0) { $0 + $1.names.count }
        add(names, "DNS name of targets", "DNS names of targets")
        return parts.isEmpty ? "0 targets" : parts.joined(separator: ", ")
    }

    private var fields: [String] {
        var fields: [String] = []
        func add(_ count: Int, _ one: String) {
            if count > 0 { fields.append("\(count) \(one)") }
        }
        add(relabelConfigs.count, "relabel_configs")
        add(metricRelabelConfigs.count, "metric_relabel_configs")
        if honorLabels { fields.append("honor_labels") }
        if !honorTimestamps { fields.append("honor_timestamps: false") }
        if authorization != nil { fields.append("authorization") }
        if let proxy { fields.append("proxy \(proxy)") }
        add(httpHeaders.count, "http_headers")
        if tlsConfig != nil { fields.append("tls_config") }
        for (name, limit) in [
            ("sample_limit", limits.samples), ("label_limit", limits.labels),
            ("label_name_length_limit", limits.labelNameLength),
            ("label_value_length_limit", limits.labelValueLength), ("target_limit", limits.targets),
        ] where limit > 0 {
            fields.append("\(name) \(limit)")
        }
        if let fallback = negotiation.fallback { fields.append("fallback_scrape_protocol \(fallback.rawValue)") }
        return fields
    }
}
