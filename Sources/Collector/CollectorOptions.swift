package import Logging
package import Settings

/// What a collector is started with.
package struct CollectorOptions: Sendable {
    package var settings: CollectorSettings
    package var version: String
    package var logger: Logger
    /// Microseconds since the Unix epoch.
    package var wallClock: @Sendable () -> Int64

    package init(
        settings: CollectorSettings, version: String, logger: Logger, wallClock: @escaping @Sendable () -> Int64
    ) {
        self.settings = settings
        self.version = version
        self.logger = logger
        self.wallClock = wallClock
    }
}
