import ArgumentParser
import Collector
import Logging
import ServiceLifecycle
import Settings

/// `culvert collector`.
struct CollectorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collector",
        abstract: "Runs outside: accepts agents and serves what they scraped.",
        discussion: """
            Agents dial the tunnel port (tunnel.listen_address, default 0.0.0.0:9443); Prometheus reads the web port \
            (web.listen_address, default 127.0.0.1:9480). SIGTERM sends the agents away and stops; SIGHUP reads \
            configuration and certificates again.
            """)

    @Option(name: .long, help: "The collector's configuration, YAML.")
    var config: String

    @OptionGroup var log: LogOptions

    func run() async throws {
        let settings = try CollectorSettings.load(path: config)
        let logger = log.makeLogger()
        AuthorityKeyWarning.check(keyFile: settings.tunnel.tlsConfig.keyFile, logger)
        let collector = try CollectorService(
            CollectorOptions(
                settings: settings, version: Version.current, logger: logger, wallClock: Clock.microseconds))
        try await Process.run(collector, logger: logger) { try collector.reload() }
    }
}
