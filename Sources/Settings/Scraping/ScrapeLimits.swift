/// How much a job takes from its targets before a scrape fails, as in Prometheus; 0 means no limit.
package struct ScrapeLimits: Sendable, Hashable {
    /// Samples in one scrape, after `metric_relabel_configs`.
    package var samples = 0
    /// Labels of one sample, its name and the target's labels among them.
    package var labels = 0
    /// Bytes of a label's name.
    package var labelNameLength = 0
    /// Bytes of a label's value.
    package var labelValueLength = 0
    /// Targets of the job after relabeling; with more of them none is scraped.
    package var targets = 0

    /// No limits.
    package init() {}

    /// A 0 inherits, so that a job cannot lift a limit of the global section.
    static func read(_ reader: MappingReader, inheriting global: ScrapeLimits) -> ScrapeLimits {
        var limits = global
        func take(_ key: String, _ path: WritableKeyPath<ScrapeLimits, Int>) {
            if let own = reader.count(key), own.value > 0 { limits[keyPath: path] = own.value }
        }
        take("sample_limit", \.samples)
        take("label_limit", \.labels)
        take("label_name_length_limit", \.labelNameLength)
        take("label_value_length_limit", \.labelValueLength)
        take("target_limit", \.targets)
        return limits
    }
}
