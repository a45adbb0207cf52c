package import Logging
package import Settings

/// What an agent is started with.
package struct AgentOptions: Sendable {
    package var settings: AgentSettings
    package var version: String
    package var logger: Logger
    /// Milliseconds and microseconds since the Unix epoch; one clock for everything the agent stamps.
    package var wallClock: @Sendable () -> Int64

    /// The process', for jobs with `proxy_from_environment`.
    package var environment: [String: String] = [:]

    /// - Parameter wallClock: microseconds since the Unix epoch.
    package init(settings: AgentSettings, version: String, logger: Logger, wallClock: @escaping @Sendable () -> Int64) {
        self.settings = settings
        self.version = version
        self.logger = logger
        self.wallClock = wallClock
    }
}
