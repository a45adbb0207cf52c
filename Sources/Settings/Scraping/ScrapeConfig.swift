package import Relabeling

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
    /// How requests are authorized; `nil`: not at all.
    package var authorization: ClientAuthorization?
    /// Through which proxy targets are asked; nil: through none.
    package var proxy: ClientProxy?
    /// Headers added to every request.
    package var httpHeaders: [ClientHeader]
    /// The targets written down.
    package var staticConfigs: [StaticConfig]
    /// Files that hold more targets.
    package var fileSDConfigs: [FileSDConfig]
    /// URLs that answer with more targets.
    package var httpSDConfigs: [HTTPSDConfig]
    /// What is done to the labels of a target before it is scraped, and who is dropped.
    package var relabelConfigs: [RelabelRule]
    /// Questions to name servers that answer with targets.
    package var dnsSDConfigs: [DNSSDConfig] = []
    /// What is done to the series of a scrape, and which are dropped.
    package var metricRelabelConfigs: [RelabelRule] = []
    /// Whether the timestamps that targets write are kept.
    package var honorTimestamps = true
    package var limits = ScrapeLimits()
    /// Where scrapes that fail are noted, an absolute path; nil: nowhere.
    package var scrapeFailureLogFile: String?
    package var negotiation = ScrapeNegotiation()
    /// The line of the file the job begins in.
    package var line: Int

    /// A job made without a file, times in milliseconds; the defaults are those of a file.
    package init(
        jobName: String, scrapeInterval: Int64 = 60_000, scrapeTimeout: Int64 = 10_000,
        metricsPath: String = "/metrics", scheme: String = "http", params: [(String, [String])] = [],
        honorLabels: Bool = false, bodySizeLimit: Int = 16 << 20, enableCompression: Bool = true,
        followRedirects: Bool = true, tlsConfig: ClientTLS? = nil, authorization: ClientAuthorization? = nil,
        httpHeaders: [ClientHeader] = [], staticConfigs: [StaticConfig] = [],
        fileSDConfigs: [FileSDConfig] = [], httpSDConfigs: [HTTPSDConfig] = [],
        relabelConfigs: [RelabelRule] = [], line: Int = 0
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
        self.authorization = authorization
        self.httpHeaders = httpHeaders
        self.staticConfigs = staticConfigs
        self.fileSDConfigs = fileSDConfigs
        self.httpSDConfigs = httpSDConfigs
        self.relabelConfigs = relabelConfigs
        self.line = line
    }
}
