/// The `global` section of the agent: what jobs inherit.
package struct GlobalSettings: Sendable, Hashable {
    /// Milliseconds between two scrapes.
    package var scrapeInterval: Int64 = 60_000
    /// Milliseconds one scrape may take.
    package var scrapeTimeout: Int64 = 10_000
    /// Size in bytes, decompressed, at which a body fails the scrape.
    package var bodySizeLimit = defaultBodySizeLimit
    package var limits = ScrapeLimits()
    /// Where scrapes that fail are noted, an absolute path; nil: nowhere.
    package var scrapeFailureLogFile: String?
    package var negotiation = ScrapeNegotiation()

    /// The defaults.
    package init() {}

    /// 16 MiB, as vmagent has it; Prometheus has no limit by default.
    static let defaultBodySizeLimit = 16 << 20
    /// 64 MiB: what all bodies in flight may occupy together.
    static let greatestBodySizeLimit = 64 << 20

    /// `scrape_failure_log_file` of a section.
    static func failureLog(_ reader: MappingReader) -> String? {
        guard let path = reader.string("scrape_failure_log_file", expected: "the path of a file"), !path.value.isEmpty
        else { return nil }
        guard !path.value.utf8.contains(0) else {
            reader.reject(
                "scrape_failure_log_file", at: path.position, expected: "the path of a file", found: "a zero byte")
            return nil
        }
        return FilePath.resolve(path.value, in: reader.log.directory)
    }

    static func read(_ reader: MappingReader?) -> GlobalSettings {
        var settings = GlobalSettings()
        guard let reader else { return settings }
        let timing = ScrapeTiming.read(reader, inheriting: settings, what: "the global section")
        settings.scrapeInterval = timing.interval
        settings.scrapeTimeout = timing.timeout
        settings.bodySizeLimit = ScrapeTiming.bodySizeLimit(reader, inheriting: settings)
        settings.limits = ScrapeLimits.read(reader, inheriting: settings.limits)
        settings.negotiation = ScrapeNegotiation.read(reader, inheriting: settings.negotiation)
        settings.scrapeFailureLogFile = failureLog(reader)
        ReaderFields.read(reader)
        reader.finish(advice: UnsupportedKeys.agentGlobal)
        return settings
    }
}
