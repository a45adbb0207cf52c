/// Interval, timeout and body limit of a section, with Prometheus' rules of inheritance: 0 and nothing inherit, an
/// inherited timeout is cut to the interval, a timeout that was written down must not exceed it.
enum ScrapeTiming {
    /// Both in milliseconds.
    static func read(
        _ reader: MappingReader, inheriting global: GlobalSettings, what: String
    ) -> (interval: Int64, timeout: Int64) {
        let own = reader.duration("scrape_interval")?.value ?? 0
        let interval = own > 0 ? own : global.scrapeInterval
        let timeout = reader.duration("scrape_timeout")
        guard let timeout, timeout.value > 0 else { return (interval, min(global.scrapeTimeout, interval)) }
        if timeout.value > interval {
            reader.reject(
                "scrape_timeout", at: timeout.position,
                expected: "at most the scrape_interval of \(what), \(PrometheusDuration.text(interval))",
                found: PrometheusDuration.text(timeout.value))
        }
        return (interval, min(timeout.value, interval))
    }

    /// In bytes, always finite.
    static func bodySizeLimit(_ reader: MappingReader, inheriting global: GlobalSettings) -> Int {
        let greatest = UInt64(GlobalSettings.greatestBodySizeLimit)
        guard let limit = reader.size("body_size_limit", in: 0...greatest), limit.value > 0 else {
            return global.bodySizeLimit
        }
        return Int(limit.value)
    }
}
