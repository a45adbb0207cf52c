/// What is scraped: one address with its final labels and the way to ask it.
///
/// It owns no connection and no state. `labels` and `url` together are its identity; the rest may be retuned.
package struct Target: Sendable, Hashable {
    /// The final labels, `job` and `instance` among them, none beginning with `__`.
    package var labels: Labels
    /// `job_name` of the job it comes from (the label `job` may differ).
    package var jobName: String
    /// `http` or `https`.
    package var scheme: String
    /// `host` or `host:port` as it was written; without a port the scheme implies 80 or 443.
    package var address: String
    /// The path as it was written, not percent-encoded.
    package var metricsPath: String
    /// The query, percent-encoded, without `?`; may be empty.
    package var query: String
    /// Milliseconds between two scrapes.
    package var interval: Int64
    /// Milliseconds one scrape may take; at most `interval`.
    package var timeout: Int64
    /// Whether labels in the body win over the labels given to the target.
    package var honorLabels: Bool
    /// Size in bytes, decompressed, at which a body fails the scrape.
    package var bodySizeLimit: Int
    /// Whether the target is asked for gzip.
    package var enableCompression: Bool
    /// Whether HTTP redirects are followed.
    package var followRedirects: Bool
    /// The header `Accept`: which formats it is asked for.
    package var accept = standardAccept
    /// The Content-Type of a body that comes without one that is known; empty: it stays as it came.
    package var fallbackContentType = ""
    /// Whether somebody else than the operator named it: then an address in it has no privileges.
    package var isDiscovered = false
    /// Why it is not asked at all, one sentence; every scrape fails with it. Empty as a rule.
    package var refusal = ""

    /// As Prometheus 3 asks, but for the escaping of names, which older readers would not understand.
    package static let standardAccept =
        "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
        + "text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

    /// A target from all its parts, times in milliseconds; the defaults are Prometheus', the body limit 16 MiB.
    package init(
        labels: Labels, jobName: String, scheme: String = "http", address: String, metricsPath: String = "/metrics",
        query: String = "", interval: Int64 = 60_000, timeout: Int64 = 10_000, honorLabels: Bool = false,
        bodySizeLimit: Int = 16 << 20, enableCompression: Bool = true, followRedirects: Bool = true
    ) {
        self.labels = labels
        self.jobName = jobName
        self.scheme = scheme
        self.address = address
        self.metricsPath = metricsPath
        self.query = query
        self.interval = interval
        self.timeout = timeout
        self.honorLabels = honorLabels
        self.bodySizeLimit = bodySizeLimit
        self.enableCompression = enableCompression
        self.followRedirects = followRedirects
    }
}
