/// Where the agent keeps its scrape log and how much of it.
package struct AgentLogSettings: Sendable, Hashable {
    /// The directory, absolute; `nil` keeps the log in memory (`directory: none`).
    package var directory: String? = "/var/lib/culvert/agent"
    /// What the log may occupy on disk, in bytes.
    package var maxSize: UInt64 = 1 << 30
    /// What the log may occupy in memory, in bytes.
    package var memorySize: UInt64 = 64 << 20

    /// The defaults.
    package init() {}

    static func read(_ reader: MappingReader?) -> AgentLogSettings {
        var settings = AgentLogSettings()
        guard let reader else { return settings }
        if let found = reader.string("directory") {
            settings.directory = LogDirectory.path(found, log: reader.log)
        }
        if let size = reader.size("max_size", in: 1 << 20...1 << 60) { settings.maxSize = size.value }
        if let size = reader.size("memory_size", in: 1 << 20...64 << 30) { settings.memorySize = size.value }
        reader.finish()
        return settings
    }
}
