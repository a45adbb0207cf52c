/// One job of `scrape_configs`, with everything it inherits filled in.
package struct ScrapeConfig: Sendable {
    /// The name of the job, unique in the file.
    package var jobName: String
    /// Milliseconds between two scrapes.
    package var scrapeInterval: Int64
    /// Milliseconds one scrape may take; at most the interval.
    package var scrapeTimeout: Int64
    /// The path as it was written.
    package var metricsPath: String
    /// `http` or `https`.
    package var scheme: String
    /// The parameters of the query, in the order of the file, each name once.
    package var params: [(String, [String])]
    /// Whether labels in a body win over the labels of its target.
    package var honorLabels: Bool
    /// Size in bytes, decompressed, at which a body fails the scrape.
    package var bodySizeLimit: Int
    /// Whether targets are asked for gzip.
    package var enableCompression: Bool
    /// Whether HTTP redirects are followed.
    package var followRedirects: Bool
    /// How HTTPS targets are verified; `nil`: by the system's authorities.
    package var tlsConfig: ClientTLS?
    /// The targets written down.
    package var staticConfigs: [StaticConfig]
    /// The line of the file the job begins in.
    package var line: Int

    /// A job made without a file, times in milliseconds; the defaults are those of a file.
    package init(
        jobName: String, scrapeInterval: Int64 = 60_000, scrapeTimeout: Int64 = 10_000,
        metricsPath: String = "/metrics", scheme: String = "http", params: [(String, [String])] = [],
        honorLabels: Bool = false, bodySizeLimit: Int = 16 << 20, enableCompression: Bool = true,
        followRedirects: Bool = true, tlsConfig: ClientTLS? = nil, staticConfigs: [StaticConfig] = [], line: Int = 0
    ) {
        self.jobName = jobName
        self.scrapeInterval = scrapeInterval
        self.scrapeTimeout = scrapeTimeout
        self.metricsPath = metricsPath
        self.scheme = scheme
        self.params = params
        self.honorLabels = honorLabels
        self.bodySizeLimit = bodySizeLimit
        self.enableCompression = enableCompression
        self.followRedirects = followRedirects
        self.tlsConfig = tlsConfig
        self.staticConfigs = staticConfigs
        self.line = line
    }
}
