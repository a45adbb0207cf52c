/// Where the collector keeps its replicas and how much of them.
package struct CollectorLogSettings: Sendable, Hashable {
    /// The directory, absolute; `nil` keeps replicas in memory (`directory: none`).
    package var directory: String? = "/var/lib/culvert/collector"
    /// Milliseconds of history that are kept at least, counted from arrival.
    package var history: Int64 = 15 * 60_000
    /// What all replicas may occupy together, in bytes.
    package var maxSize: UInt64 = 8 << 30

    /// The defaults.
    package init() {}

    static func read(_ reader: MappingReader?) -> CollectorLogSettings {
        var settings = CollectorLogSettings()
        guard let reader else { return settings }
        if let found = reader.string("directory") {
            settings.directory = LogDirectory.path(found, log: reader.log)
        }
        settings.history = reader.duration("history")?.value ?? settings.history
        if let size = reader.size("max_size", in: 1 << 20...1 << 60) { settings.maxSize = size.value }
        reader.finish()
        return settings
    }
}
