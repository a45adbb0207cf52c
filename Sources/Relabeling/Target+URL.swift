extension Target {
    /// The URL that is scraped. The path is percent-encoded as Go's `net/url` does it, so that it reads as in
    /// Prometheus.
    package var url: String {
        var url = scheme.isEmpty ? "//\(address)" : "\(scheme)://\(address)"
        if !metricsPath.utf8.starts(with: "/".utf8), !metricsPath.isEmpty { url += "/" }
        url += PercentEncoding.path.encode(metricsPath)
        if !query.isEmpty { url += "?" + query }
        return url
    }
}
